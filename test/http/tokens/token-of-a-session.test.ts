import { decodeJwt } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { json } from '../../support/json.ts'
import { startSignInGateway } from '../../support/sign-in.ts'
import { postFrom, signInForSession } from '../../support/signed-in.ts'

const audience = 'https://reports.corp.com'

describe('the session of a browser', () => {
  let context: Awaited<ReturnType<typeof startSignInGateway>>
  beforeAll(async () => {
    context = await startSignInGateway({
      JWT_AUDIENCES: audience,
      FAILURE_RATE_LIMIT: 'off',
      AUTH_RATE_LIMIT: 'off',
      SESSION_MAX: '2m',
      SESSION_IDLE: '1m',
    })
  })
  afterAll(() => context.close())

  test('becomes a JWT that names it, carries no scope and ends with it', async () => {
    const browser = await signInForSession(context, 'alice@example.com')
    const response = await postFrom(browser, '/v1/token')
    expect(response.status).toBe(200)
    const { access_token, scope, expires_in } = await json(response)
    expect(scope).toBe('')
    expect(expires_in).toBeLessThanOrEqual(120)
    const claims = decodeJwt(access_token)
    const [session] = await context.gateway.database.rows('SELECT id, user_id FROM sessions')
    expect(claims).toMatchObject({
      sid: session?.id,
      sub: session?.user_id,
      aud: audience,
      email: 'alice@example.com',
      scope: '',
    })
    expect(claims).not.toHaveProperty('key_id')
  })

  test('gets no scope, whichever it asks for', async () => {
    const browser = await signInForSession(context, 'alice@example.com')
    const response = await browser.jar.fetch('/v1/token', {
      method: 'POST',
      headers: { 'sec-fetch-site': 'same-origin', 'content-type': 'application/json' },
      body: JSON.stringify({ scope: 'reports:read' }),
    })
    expect(response.status).toBe(400)
    expect((await json(response)).error).toBe('invalid_scope')
  })

  test('is taken from a page of ours alone, and never beside a credential that is wrong', async () => {
    const { secret } = await signInForSession(context, 'alice@example.com')
    const cookie = `__Host-keydesk=${secret}`
    const statusOf = async (headers: Record<string, string>) =>
      (await context.gateway.fetch('/v1/token', { method: 'POST', headers: { cookie, ...headers } })).status
    expect(await statusOf({ origin: context.gateway.url })).toBe(200)
    expect(await statusOf({})).toBe(403)
    expect(await statusOf({ 'sec-fetch-site': 'same-site' })).toBe(403)
    expect(await statusOf({ 'sec-fetch-site': 'none' })).toBe(403)
    expect(await statusOf({ origin: 'https://evil.test' })).toBe(403)
    const ours = { 'sec-fetch-site': 'same-origin' }
    for (const wrong of ['', 'Bearer x', 'Bearer', 'Basic', 'Digest x'])
      expect(await statusOf({ ...ours, authorization: wrong }), wrong).toBe(401)
    expect(await statusOf({ ...ours, 'x-api-key': '' })).toBe(401)
    expect(await statusOf({ ...ours, 'x-api-key': 'kd_x' })).toBe(401)
  })

  test('that has ended, or that another cookie tells of, gets none', async () => {
    const browser = await signInForSession(context, 'alice@example.com')
    const ask = (cookie: string) =>
      context.gateway.fetch('/v1/token', {
        method: 'POST',
        headers: { cookie, 'sec-fetch-site': 'same-origin' },
      })
    expect((await ask(`__Secure-keydesk-app=${browser.secret}`)).status).toBe(401)
    expect((await ask(`__Host-keydesk=${browser.secret}; __Host-keydesk=x`)).status).toBe(401)
    await postFrom(browser, '/auth/logout')
    const over = await ask(`__Host-keydesk=${browser.secret}`)
    expect(over.status).toBe(401)
    expect(await json(over)).toMatchObject({ error: 'invalid_client', code: 'unauthenticated' })
  })
})
