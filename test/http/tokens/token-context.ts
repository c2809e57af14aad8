import { expect } from 'vitest'
import type { Desk } from '../../support/desk.ts'
import { json } from '../../support/json.ts'

export const audience = 'https://reports.corp.com'
export const other = 'api://warehouse'
export const formType = { 'content-type': 'application/x-www-form-urlencoded' }
const jsonType = { 'content-type': 'application/json' }

export type Fields = Record<string, string>

/** Short ways to ask a desk for a JWT. */
export function callsTo(desk: () => Pick<Desk, 'gateway'>) {
  const post = (headers: Fields = {}, body?: string, query = '') =>
    desk().gateway.fetch(`/v1/token${query}`, {
      method: 'POST',
      headers,
      ...(body === undefined ? {} : { body }),
    })
  return {
    post,
    postForm: (fields: Fields | [string, string][], headers: Fields = {}) =>
      post({ ...formType, ...headers }, new URLSearchParams(fields).toString()),
    postJson: (body: unknown, headers: Fields = {}) =>
      post({ ...jsonType, ...headers }, typeof body === 'string' ? body : JSON.stringify(body)),
  }
}

export const withKey = (key: string) => ({ 'x-api-key': key })

export const basic = (id: string, secret: string) => ({
  authorization: `Basic ${Buffer.from(`${encodeURIComponent(id)}:${encodeURIComponent(secret)}`).toString('base64')}`,
})

/** That an answer is the refusal that both OAuth clients and ours understand. */
export async function expectRefusal(response: Response, status: number, error: string, code: string) {
  const body = await json(response)
  expect({ status: response.status, body }).toMatchObject({
    status,
    body: {
      error,
      code,
      status,
      type: `urn:keydesk:error:${code}`,
      error_description: expect.stringMatching(/^[ !#-[\]-~]+$/),
      title: expect.any(String),
      detail: expect.any(String),
      request_id: response.headers.get('x-request-id'),
    },
  })
  expect(response.headers.get('content-type')).toBe('application/json')
  expect(response.headers.get('cache-control')).toBe('no-store')
  if (status === 401) expect(response.headers.get('www-authenticate')).toMatch(/^Bearer realm="keydesk"/)
  return body
}
