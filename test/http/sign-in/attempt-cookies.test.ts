import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import {
  type Attacked,
  begin,
  callbackOf,
  expectRefused,
  startAttackedGateway,
} from '../../support/attack.ts'
import { createCookieJar } from '../../support/browser-like.ts'

describe('attempt cookies', () => {
  let context: Attacked
  let shiftMs = 0
  beforeAll(async () => {
    context = await startAttackedGateway(
      { SSO_KEYS_MAX: '1000' },
      { now: () => new Date(Date.now() + shiftMs) },
    )
  })
  beforeEach(() => {
    shiftMs = 0
  })
  afterAll(() => context.close())
  const noCookie = { status: 400, code: 'state_invalid', reason: 'no_attempt_cookie' }
  const showing = (headers: Record<string, string>, ...cookies: { name: string; value: string }[]) => ({
    headers: { ...headers, cookie: cookies.map(({ name, value }) => `${name}=${value}`).join('; ') },
  })

  test('of six parallel sign-ins in one browser do not disturb one another, in whatever order they end', async () => {
    const jar = createCookieJar(context.gateway)
    const attempts = []
    for (let count = 0; count < 6; count += 1) attempts.push(await begin(context, jar))
    expect(jar.cookies.size).toBe(6)
    for (const attempt of [attempts[3], attempts[0], attempts[5], attempts[1], attempts[4], attempts[2]]) {
      if (attempt === undefined) throw new Error('no attempt')
      expect((await jar.fetch(await callbackOf(attempt))).status).toBe(200)
    }
    expect(jar.cookies.size).toBe(0)
  })

  test('stay under 6 kB together: the newest are kept and work, the oldest is refused with a page that says why', async () => {
    const jar = createCookieJar(context.gateway)
    const attempts = []
    for (let count = 0; count < 60; count += 1) {
      shiftMs += 1000
      attempts.push(await begin(context, jar))
      const header = [...jar.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
      expect(header.length).toBeLessThan(6000)
    }
    expect(jar.cookies.size).toBeGreaterThanOrEqual(6)
    const kept = attempts.slice(-jar.cookies.size)
    expect([...jar.cookies.keys()]).toEqual(kept.map(({ cookie }) => cookie.name))
    const [oldest] = attempts
    const [oldestKept] = kept
    if (oldest === undefined || oldestKept === undefined) throw new Error('no attempt')
    const path = await callbackOf(oldest)
    const { problem } = await expectRefused(context, noCookie, (headers) => jar.fetch(path, { headers }))
    expect(problem.detail).toContain('another browser')
    expect((await jar.fetch(await callbackOf(oldestKept))).status).toBe(200)
  })

  test('that have expired, that were not written by Keydesk and that were changed give way at the next login', async () => {
    const jar = createCookieJar(context.gateway)
    const old = await begin(context, jar)
    shiftMs += 601_000
    const young = await begin(context, jar)
    expect([...jar.cookies.keys()]).toEqual([young.cookie.name])
    jar.cookies.set(old.cookie.name, old.cookie.value)
    jar.cookies.set('__Host-keydesk-attempt-forged', 'v1.AAAA')
    jar.cookies.set(`__Host-keydesk-attempt-${'A'.repeat(24)}`, young.cookie.value)
    jar.cookies.set('theme', 'dark')
    const next = await begin(context, jar)
    expect([...jar.cookies.keys()].sort()).toEqual([young.cookie.name, next.cookie.name, 'theme'].sort())
  })

  test('of no form that a client can think of make the login fail', async () => {
    for (const cookie of [
      '__Host-keydesk-attempt-',
      '__Host-keydesk-attempt-=',
      '__Host-keydesk-attempt-%00=%',
      '__Host-keydesk-attempt-{x}=1',
      '__Host-keydesk-attempt-a/b@c[d](e),f=1',
      '__Host-keydesk-attempt-__proto__=1',
      `__Host-keydesk-attempt-${'A'.repeat(24)}=${'A'.repeat(7000)}`,
      Array.from({ length: 20 }, (_, index) => `__Host-keydesk-attempt-${index}=v1.A`).join('; '),
      '=; ;;; a=b; __proto__=c; constructor',
    ]) {
      const response = await context.gateway.fetch('/auth/login', { headers: { cookie } })
      expect({ cookie: cookie.slice(0, 60), status: response.status }).toEqual({
        cookie: cookie.slice(0, 60),
        status: 302,
      })
    }
  })

  test('are cleared by the callback that succeeds and by the one that is refused', async () => {
    for (const parameters of ['', '&error=access_denied']) {
      const attempt = await begin(context)
      const response = await attempt.jar.fetch((await callbackOf(attempt)) + parameters)
      const [cleared, ...others] = response.headers.getSetCookie()
      expect(others).toEqual([])
      const [pair, ...attributes] = (cleared ?? '').split('; ')
      expect(pair).toBe(`${attempt.cookie.name}=`)
      expect(attributes.sort()).toEqual(['HttpOnly', 'Max-Age=0', 'Path=/', 'SameSite=Lax', 'Secure'])
    }
  })

  test('are wanted: a valid state without its cookie is refused (login CSRF), and no token request is made', async () => {
    const attempt = await begin(context)
    const path = await callbackOf(attempt)
    const tokenRequests = context.wrong.tokenRequests.length
    await expectRefused(context, noCookie, (headers) => context.gateway.fetch(path, { headers }))
    expect(context.wrong.tokenRequests).toHaveLength(tokenRequests)
    // The attacker's try with the victim's browser does not use up the attempt of whoever began it.
    expect((await attempt.jar.fetch(path)).status).toBe(200)
  })

  test('of another browser, or of another attempt of the same browser, do not open a state', async () => {
    const attacker = await begin(context)
    const victim = await begin(context)
    const path = await callbackOf(attacker)
    const renamed = { name: attacker.cookie.name, value: victim.cookie.value }
    for (const cookie of [victim.cookie, renamed])
      await expectRefused(context, noCookie, (headers) =>
        context.gateway.fetch(path, showing(headers, cookie)),
      )
  })

  test('with one bit changed, cut or extended are refused', async () => {
    const { cookie, ...attempt } = await begin(context)
    const path = await callbackOf(attempt)
    const middle = Math.floor(cookie.value.length / 2)
    const flipped = String.fromCharCode(cookie.value.charCodeAt(middle) ^ 1)
    const values = [
      cookie.value.slice(0, middle) + flipped + cookie.value.slice(middle + 1),
      cookie.value.slice(0, -1),
      `${cookie.value}A`,
      `${cookie.value}=`,
      cookie.value.replace('v1', 'v2'),
      'v1.',
      '',
    ]
    for (const value of values)
      await expectRefused(context, noCookie, (headers) =>
        context.gateway.fetch(path, showing(headers, { name: cookie.name, value })),
      )
  })
})
