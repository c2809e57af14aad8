import { createHash } from 'node:crypto'
import { createRemoteJWKSet, decodeJwt, jwtVerify } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { json } from '../../support/json.ts'
import { startSignInGateway } from '../../support/sign-in.ts'
import { stateAt } from '../../support/signed-in.ts'
import { appOrigin, codeFor, codeSettings, exchangeAt } from './auth-code-context.ts'
import { refusalOf } from './standards-context.ts'

const noGrant = [400, 'invalid_grant']

describe('an app on another domain', () => {
  let context: Awaited<ReturnType<typeof startSignInGateway>>
  // A whole second, as the times of a JWT are.
  let now = Math.floor(Date.now() / 1000) * 1000
  beforeAll(async () => {
    context = await startSignInGateway(codeSettings, { now: () => new Date(now) })
  })
  afterAll(() => context?.close())
  const exchange = (
    ...question: Parameters<typeof exchangeAt> extends [unknown, ...infer Rest] ? Rest : never
  ) => exchangeAt(context.gateway, ...question)
  const events = async (action: string) =>
    (await json(await context.gateway.asAdmin(`/admin/audit?action=${action}&limit=1`))).data[0]

  test('gets a code with its browser, and a JWT for the code, which verifiers take', async () => {
    const { location, code, verifier, jar } = await codeFor(context)
    expect(location.href).toBe(`${appOrigin}/start?auth_code=${code}`)
    expect(code).toMatch(/^[A-Za-z0-9_-]{43}$/)
    const answer = await exchange({ code, verifier })
    expect(answer.status, await answer.clone().text()).toBe(200)
    expect(answer.headers.get('cache-control')).toBe('no-store')
    expect(answer.headers.getSetCookie()).toEqual([])
    const token = await json(answer)
    expect(token).toEqual({ access_token: expect.any(String), token_type: 'Bearer', expires_in: 300 })
    const keys = createRemoteJWKSet(new URL('/.well-known/jwks.json', context.gateway.url))
    const { payload } = await jwtVerify(token.access_token, keys, {
      issuer: context.gateway.url,
      audience: appOrigin,
      currentDate: new Date(now),
    })
    const state = await json(await stateAt(context.gateway, jar.cookies.get('__Host-keydesk') ?? ''))
    expect(payload).toMatchObject({ sub: state.user.id, sid: state.session.id, scope: '' })
    expect(payload).not.toHaveProperty('key_id')
  })

  test('may send a form as well, from its server, which names no origin but that of return_to', async () => {
    const { code, verifier } = await codeFor(context)
    const answer = await context.gateway.fetch('/auth/exchange', {
      method: 'POST',
      body: new URLSearchParams({
        auth_code: code,
        code_verifier: verifier,
        return_to: `${appOrigin}/another/path?x`,
      }),
    })
    expect(answer.status).toBe(200)
  })

  test('may ask from a page of its own, which reads the answer', async () => {
    const { code, verifier } = await codeFor(context)
    const answer = await exchange({ code, verifier }, { origin: appOrigin, 'sec-fetch-site': 'cross-site' })
    expect(answer.status).toBe(200)
    expect(answer.headers.get('access-control-allow-origin')).toBe(appOrigin)
    expect(answer.headers.get('access-control-allow-credentials')).toBeNull()
  })

  test('gets one JWT for a code, however often and however fast it is shown', async () => {
    const { code, verifier } = await codeFor(context)
    const answers = await Promise.all(Array.from({ length: 8 }, () => exchange({ code, verifier })))
    expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array(7).fill(400)])
    expect(await refusalOf(await exchange({ code, verifier }))).toEqual(noGrant)
  })

  test('has 60 seconds for it', async () => {
    const begun = now
    const [late, inTime] = [await codeFor(context), await codeFor(context)]
    now = begun + 59_999
    expect((await exchange(inTime)).status).toBe(200)
    now = begun + 60_000
    expect(await refusalOf(await exchange(late))).toEqual(noGrant)
    now = begun
  })

  test.each([
    ['another verifier', { verifier: 'x'.repeat(43) }, 'wrong_verifier'],
    ['no verifier', { verifier: 'x' }, 'wrong_verifier'],
    ['another allowed origin', { returnTo: 'https://other.corp.test/start' }, 'wrong_origin'],
    ['its host at another port', { returnTo: `${appOrigin}:8443/` }, 'wrong_origin'],
    ['a path', { returnTo: '/start' }, 'wrong_origin'],
    ['no URL', { returnTo: 'x' }, 'wrong_origin'],
  ])('uses its code up with %s', async (_, change, reason) => {
    const { code, verifier } = await codeFor(context)
    expect(await refusalOf(await exchange({ code, verifier, ...change }))).toEqual(noGrant)
    expect(await events('sign_in.refused')).toMatchObject({ actor: 'anonymous', facts: { reason } })
    expect(await refusalOf(await exchange({ code, verifier }))).toEqual(noGrant)
  })

  test('uses it up from a page of another origin, though that may call', async () => {
    const { code, verifier } = await codeFor(context)
    const elsewhere = { origin: 'https://other.corp.test' }
    expect(await refusalOf(await exchange({ code, verifier }, elsewhere))).toEqual(noGrant)
    expect(await refusalOf(await exchange({ code, verifier }))).toEqual(noGrant)
  })

  test('a page that may not call is refused before, and the code stays good', async () => {
    const { code, verifier } = await codeFor(context)
    const answer = await exchange({ code, verifier }, { origin: 'https://evil.test' })
    expect(answer.status).toBe(403)
    expect(answer.headers.get('access-control-allow-origin')).toBeNull()
    expect((await exchange({ code, verifier })).status).toBe(200)
  })

  test('gets nothing for a session that has ended, nor for a user who is disabled', async () => {
    const ended = await codeFor(context)
    await ended.jar.fetch('/auth/logout', { method: 'POST', headers: { 'sec-fetch-site': 'same-origin' } })
    expect(await refusalOf(await exchange(ended))).toEqual(noGrant)
    const disabled = await codeFor(context, { email: 'ada@example.com' })
    await context.gateway.database.change(
      `UPDATE users SET status = 'disabled' WHERE email = ?`,
      'ada@example.com',
    )
    expect(await refusalOf(await exchange(disabled))).toEqual(noGrant)
  })

  test('the trail says who got a JWT for whom, and codes that nobody took are forgotten', async () => {
    const { code, verifier } = await codeFor(context)
    const { access_token } = await json(await exchange({ code, verifier }))
    const { sub, sid } = decodeJwt(access_token)
    expect(await events('auth_code.exchanged')).toMatchObject({
      actor: `user:${sub}`,
      target: `user:${sub}`,
      facts: { session_id: sid, audience: appOrigin },
    })
    const left = await codeFor(context)
    now += 61_000
    await codeFor(context)
    const stored = await context.gateway.database.rows('SELECT code_hash FROM auth_codes')
    expect(stored).toHaveLength(1)
    expect(stored[0].code_hash).not.toBe(createHash('sha256').update(left.code).digest('base64url'))
  })

  test('no cookie counts: the session of the browser that asks is neither read nor needed', async () => {
    const { code, verifier } = await codeFor(context)
    const stranger = await codeFor(context)
    const cookie = `__Host-keydesk=${stranger.jar.cookies.get('__Host-keydesk')}`
    const { access_token } = await json(await exchange({ code, verifier }, { cookie }))
    const other = await json(await exchange(stranger))
    expect(decodeJwt(access_token).sid).not.toBe(decodeJwt(other.access_token).sid)
  })

  test('no code is in the database, in the log, in the trail or in an error', async () => {
    const { code, verifier } = await codeFor(context)
    const refused = await (await exchange({ code, verifier: 'x'.repeat(43) })).text()
    const { database, log } = context.gateway
    const rows = []
    for (const table of ['auth_codes', 'audit_events', 'audit_details', 'sessions'])
      rows.push(await database.rows(`SELECT * FROM ${table}`))
    for (const where of [refused, log.join(''), JSON.stringify(rows)]) {
      expect(where).not.toContain(code.slice(0, 16))
      expect(where).not.toContain(verifier.slice(0, 16))
    }
  })
})
