import type { Desk } from '../../support/desk.ts'
import type { TestGateway } from '../../support/gateway.ts'
import { json } from '../../support/json.ts'

/** A POST of a form. */
export function postForm(
  gateway: Pick<TestGateway, 'fetch'>,
  path: string,
  fields: Record<string, string> | string,
  headers: Record<string, string> = {},
): Promise<Response> {
  return gateway.fetch(path, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
    body: typeof fields === 'string' ? fields : new URLSearchParams(fields).toString(),
  })
}

/** Status and OAuth word of a refusal. */
export async function refusalOf(response: Response): Promise<[number, string]> {
  return [response.status, (await json(response)).error]
}

/** What a service is told of a token. */
export async function introspected(desk: Pick<Desk, 'gateway'>, asker: string, token: string): Promise<any> {
  const answer = await postForm(desk.gateway, '/v1/introspect', { token }, { 'x-api-key': asker })
  if (answer.status !== 200)
    throw new Error(`introspection answered ${answer.status}: ${await answer.text()}`)
  return json(answer)
}

/** A JWT of a session or a key, from `/v1/token`. */
export async function tokenFor(
  gateway: Pick<TestGateway, 'fetch'>,
  headers: Record<string, string>,
  fields: Record<string, string> = {},
): Promise<string> {
  const grant = { grant_type: 'client_credentials', ...fields }
  const answer = await postForm(gateway, '/v1/token', grant, headers)
  if (answer.status !== 200) throw new Error(`/v1/token answered ${answer.status}: ${await answer.text()}`)
  return (await json(answer)).access_token
}
