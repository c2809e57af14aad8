import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { KeydeskError } from '../../../src/domain/errors.ts'
import { withWayBack } from '../../../src/services/way-back.ts'
import { createCookieJar, pathOf } from '../../support/browser-like.ts'
import { startSeveralProviders } from '../../support/several-providers.ts'
import { startSignInGateway, subjectOf } from '../../support/sign-in.ts'
import { signInForSession } from '../../support/signed-in.ts'
import { signInAtProvider } from '../../support/stand-in-provider.ts'
import { appOrigin, codeFor, codeSettings, loginPath, newProof } from './auth-code-context.ts'
import { refusalOf } from './standards-context.ts'

const { challenge } = newProof()
const app = encodeURIComponent(`${appOrigin}/`)

describe('signing in for an app on another domain', () => {
  let context: Awaited<ReturnType<typeof startSignInGateway>>
  const log = () => context.gateway.log.join('')
  beforeAll(async () => {
    context = await startSignInGateway(codeSettings)
  })
  afterAll(() => context?.close())

  test.each([
    ['no method', `return_to=${app}&code_challenge=${challenge}`],
    ['a method alone', `return_to=${app}&code_challenge_method=S256`],
    ['the method plain', `return_to=${app}&code_challenge=${challenge}&code_challenge_method=plain`],
    ['the method in lower case', `return_to=${app}&code_challenge=${challenge}&code_challenge_method=s256`],
    ['an empty challenge', `return_to=${app}&code_challenge=&code_challenge_method=S256`],
    ['a short challenge', `return_to=${app}&code_challenge=${challenge.slice(1)}&code_challenge_method=S256`],
    ['a padded challenge', `return_to=${app}&code_challenge=${challenge}%3D&code_challenge_method=S256`],
    [
      'two challenges',
      `return_to=${app}&code_challenge=${challenge}&code_challenge=${challenge}&code_challenge_method=S256`,
    ],
    ['no return_to', `code_challenge=${challenge}&code_challenge_method=S256`],
    ['a path of ours', `return_to=/account&code_challenge=${challenge}&code_challenge_method=S256`],
    [
      'an origin that is not allowed',
      `return_to=https://evil.test/&code_challenge=${challenge}&code_challenge_method=S256`,
    ],
  ])('%s is 400, and nothing is begun', async (_, query) => {
    for (const path of ['/auth/login', '/auth/login/google']) {
      const answer = await context.gateway.fetch(`${path}?${query}`, {
        headers: { accept: 'application/json' },
      })
      expect(answer.status).toBe(400)
      expect(answer.headers.getSetCookie()).toEqual([])
    }
  })

  test('our own origin in full is no other origin', async () => {
    const answer = await context.gateway.fetch(loginPath(challenge, `${context.gateway.url}/account`))
    expect(answer.status).toBe(400)
  })

  test.each([
    [
      `${appOrigin}/a?b=%2B+%23&c=%E2%82%AC#d/%20?auth_code=e`,
      '/a?b=%2B+%23&c=%E2%82%AC&auth_code=CODE#d/%20?auth_code=e',
    ],
    [`${appOrigin}/?auth_code=planted&x`, '/?x&auth_code=CODE'],
    [`${appOrigin}/?auth%5Fcode=planted`, '/?auth_code=CODE'],
  ])('%s gets its code, and stays as it was', async (returnTo, expected) => {
    const { location, code } = await codeFor(context, { returnTo })
    expect(location.href).toBe(appOrigin + expected.replace('CODE', code))
  })

  test('there is no code where none was asked for', async () => {
    const { response } = await signInForSession(context, 'alice@example.com', { returnTo: `${appOrigin}/x` })
    expect(response.headers.get('location')).toBe(`${appOrigin}/x`)
  })

  test('the longest return_to fits into the cookie of the attempt', async () => {
    const returnTo = `${appOrigin}/?${'x'.repeat(2500 - appOrigin.length - 2)}`
    const answer = await context.gateway.fetch(loginPath(challenge, returnTo))
    expect(answer.status).toBe(302)
    const [cookie = ''] = answer.headers.getSetCookie()
    expect(cookie.split(';')[0]?.length).toBeLessThan(4096)
    expect((await codeFor(context, { returnTo })).code).toMatch(/^[A-Za-z0-9_-]{43}$/)
  })

  test('the code goes to the app alone: not to the provider, and not into a log line', async () => {
    const { verifier, challenge: own } = newProof()
    const jar = createCookieJar(context.gateway)
    const login = await jar.fetch(loginPath(own))
    const location = login.headers.get('location') ?? ''
    expect(location).not.toContain(own)
    const back = await signInAtProvider(location, subjectOf(context.standIn, 'alice@example.com'))
    const place = new URL((await jar.fetch(pathOf(back))).headers.get('location') ?? '')
    const code = place.searchParams.get('auth_code') ?? ''
    expect(code).toMatch(/^[A-Za-z0-9_-]{43}$/)
    for (const secret of [code, verifier, own]) expect(log()).not.toContain(secret.slice(0, 16))
  })

  test('whoever begins anew after a refusal is on the way to the app still', () => {
    const purpose = { kind: 'session', returnTo: `${appOrigin}/x`, codeChallenge: challenge } as const
    const error = withWayBack(new KeydeskError('sign_in_denied', { message: 'x' }), purpose)
    expect((error as KeydeskError).startAgainAt).toBe(loginPath(challenge, `${appOrigin}/x`))
  })

  test('an origin that was taken off the list meanwhile gets no code', async () => {
    const jar = createCookieJar(context.gateway)
    const login = await jar.fetch(loginPath(challenge))
    const back = await signInAtProvider(
      login.headers.get('location') ?? '',
      subjectOf(context.standIn, 'alice@example.com'),
    )
    const count = async () => (await context.gateway.database.rows('SELECT code_hash FROM auth_codes')).length
    const before = await count()
    await context.gateway.restart({ RETURN_TO_ORIGINS: 'https://other.corp.test' })
    const answer = await jar.fetch(pathOf(back))
    expect([answer.status, answer.headers.get('location')]).toEqual([303, '/'])
    expect(await count()).toBe(before)
    await context.gateway.restart()
  })

  test('an exchange that is no exchange is 400 in the words of OAuth', async () => {
    const fields = { auth_code: 'x', code_verifier: 'x', return_to: 'x' }
    for (const [change, word] of [
      [{}, 'invalid_grant'],
      [{ auth_code: undefined }, 'invalid_request'],
      [{ code_verifier: '' }, 'invalid_request'],
      [{ return_to: 1 }, 'invalid_request'],
      [{ client_id: 'x' }, 'invalid_request'],
    ] as const) {
      const answer = await context.gateway.fetch('/auth/exchange', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ ...fields, ...change }),
      })
      expect(await refusalOf(answer)).toEqual([400, word])
    }
  })
})

describe('with several providers', () => {
  test('the page for choosing one carries the app and its challenge on', async () => {
    const context = await startSeveralProviders(codeSettings)
    const page = await (await context.gateway.fetch(loginPath(challenge))).text()
    const ways = [...page.matchAll(/href="(\/auth\/login\/[^"]+)"/g)].map(([, href = '']) =>
      href.replaceAll('&amp;', '&'),
    )
    expect(ways).toHaveLength(3)
    for (const way of ways) {
      const { searchParams } = new URL(way, 'http://x')
      expect(Object.fromEntries(searchParams)).toEqual({
        return_to: `${appOrigin}/start`,
        code_challenge: challenge,
        code_challenge_method: 'S256',
      })
      expect((await context.gateway.fetch(way)).status).toBe(302)
    }
    await context.close()
  })
})
