import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { json } from '../../support/json.ts'
import { keyFor, startSignInGateway } from '../../support/sign-in.ts'

describe('POST /v1/validate', () => {
  let context: Awaited<ReturnType<typeof startSignInGateway>>
  let key: string
  beforeAll(async () => {
    context = await startSignInGateway()
    key = await keyFor(context, 'alice@example.com')
  })
  afterAll(() => context.close())

  const post = (body: string | undefined, contentType: string | undefined, credential = key) =>
    context.gateway.fetch('/v1/validate', {
      method: 'POST',
      headers: {
        'x-api-key': credential,
        ...(contentType === undefined ? {} : { 'content-type': contentType }),
      },
      ...(body === undefined ? {} : { body }),
    })

  test('takes no body, and the empty object that some clients always send', async () => {
    expect((await post(undefined, undefined)).status).toBe(200)
    expect((await post('{}', 'application/json')).status).toBe(200)
    expect((await post(' { } ', 'application/json; charset=utf-8')).status).toBe(200)
  })

  test('refuses whatever else a body says, by what is wrong with it', async () => {
    for (const [body, contentType, status, code] of [
      ['{"scope":"a"}', 'application/json', 400, 'invalid_request'],
      ['{', 'application/json', 400, 'invalid_request'],
      ['[]', 'application/json', 400, 'invalid_request'],
      ['{}', 'text/plain', 415, 'unsupported_media_type'],
      ['a=b', 'application/x-www-form-urlencoded', 415, 'unsupported_media_type'],
      [`{${' '.repeat(2000)}}`, 'application/json', 413, 'too_large'],
    ] as const) {
      const response = await post(body, contentType)
      expect({ body: body.slice(0, 20), status: response.status, code: (await json(response)).code }).toEqual(
        {
          body: body.slice(0, 20),
          status,
          code,
        },
      )
    }
  })

  test('tells who shows no good credential nothing about the body', async () => {
    expect((await post('{', 'text/plain', `${key}0`)).status).toBe(401)
  })
})
