import type { Problem, paths } from './index.ts'

type Refusal = paths['/v1/validate']['get']['responses'][401]['content']['application/problem+json']['code']

/** The compiler refuses what the contract does not have: these lines are the proof. */
export const revoked: Refusal = 'revoked_key'
// @ts-expect-error A code that there is not.
export const misspelt: Problem['code'] = 'revokd_key'
// @ts-expect-error A code that a 401 never has.
export const elsewhere: Refusal = 'not_found'
