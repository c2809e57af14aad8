import { z } from '@hono/zod-openapi'
import { type ErrorCode, errorCodes } from '../../domain/errors.ts'

/** The error form of RFC 9457 §3, as every machine gets it. */
export const wireProblem = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    code: z.enum(Object.keys(errorCodes) as [ErrorCode, ...ErrorCode[]]),
    request_id: z.string(),
  })
  .openapi('Problem')

/** A JSON answer for `responses` of a route. */
export function jsonAnswer<Schema extends z.ZodType>(schema: Schema, description: string) {
  return { description, content: { 'application/json': { schema } } }
}

/** One page of a list, with the cursor of the next one while there is a next one. */
export function pageOf<Row extends z.ZodType>(row: Row) {
  return z.object({ data: z.array(row), next_cursor: z.string().nullable() })
}

/** A page for people, for `responses` of a route. */
export function pageAnswer(description: string) {
  return { description, content: { 'text/html': { schema: z.string() } } }
}

/** Why a key that was sent is refused, whatever it was sent for. */
export const keyRefusals = [
  'invalid_key',
  'expired_key',
  'revoked_key',
  'user_disabled',
  'owner_not_allowed',
  'lease_expired',
  'not_allowed',
  'rate_limited',
  'overloaded',
] as const satisfies readonly ErrorCode[]

/** The error answers of a route, one for each status among `codes`. */
export function problemAnswers(...codes: ErrorCode[]) {
  const always: ErrorCode[] = ['invalid_request', 'internal', 'unavailable']
  const answers: Record<number, ReturnType<typeof problemAnswer>> = {}
  for (const { status } of [...codes, ...always].map((code) => errorCodes[code])) {
    const shared = [...codes, ...always].filter((code) => errorCodes[code].status === status)
    answers[status] = problemAnswer([...new Set(shared)])
  }
  return answers
}

/** The same for the admin API: what its door can answer belongs to every route behind it. */
export function adminProblems(...codes: ErrorCode[]) {
  const ofTheDoor = [
    'unauthenticated',
    'user_disabled',
    'owner_not_allowed',
    'insufficient_scope',
    'forbidden',
    'rate_limited',
    'overloaded',
  ] as const
  return problemAnswers(...ofTheDoor, ...codes)
}

/** The same for a change of something that has an ETag. */
export function changeProblems() {
  return adminProblems('not_found', 'conflict', 'precondition_failed', 'too_large', 'unsupported_media_type')
}

function problemAnswer(codes: ErrorCode[]) {
  const description = codes.map((code) => `\`${code}\`: ${errorCodes[code].title}.`).join(' ')
  const schema = wireProblem.extend({ code: z.enum(codes as [ErrorCode, ...ErrorCode[]]) })
  return { description, content: { 'application/problem+json': { schema } } }
}
