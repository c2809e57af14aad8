import createClient, { type Client } from 'openapi-fetch'
import type { components, paths } from './schema.d.ts'

/** A key, a user and the like, as Keydesk answers them. */
export type Schemas = components['schemas']
/** What every error is; decide by `code`. */
export type Problem = Schemas['Problem']
export type { paths }
export type KeydeskClient = Client<paths>

/** Where Keydesk is, and with what to ask: the master key opens the admin API, an API key what it carries. */
export type KeydeskOptions = { baseUrl: string; fetch?: typeof globalThis.fetch } & (
  | { masterKey: string; apiKey?: never }
  | { apiKey: string; masterKey?: never }
)

/** A client whose paths, parameters, bodies and answers are those of the OpenAPI document. */
export function createKeydeskClient({ baseUrl, masterKey, apiKey, fetch }: KeydeskOptions): KeydeskClient {
  const headers: Record<string, string> =
    masterKey === undefined ? { 'X-API-Key': apiKey } : { Authorization: `Bearer ${masterKey}` }
  return createClient<paths>({ baseUrl, headers, ...(fetch && { fetch }) })
}

/** What an error of Keydesk becomes where a caller would rather catch it. */
export class KeydeskProblem extends Error {
  override readonly name = 'KeydeskProblem'

  constructor(readonly problem: Problem) {
    super(`${problem.code}: ${problem.detail} (${problem.request_id})`)
  }
}

/** The data of an answer. @throws KeydeskProblem where it is an error */
export function dataOf<Data>(answer: { data?: Data; error?: Problem }): Data {
  if (answer.error !== undefined) throw new KeydeskProblem(answer.error)
  return answer.data as Data
}
