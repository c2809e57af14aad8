import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  type Attacked,
  begin,
  callbackOf,
  expectRefused,
  inventory,
  startAttackedGateway,
} from '../../support/attack.ts'
import { keyTextOn } from '../../support/browser-like.ts'

const replayed = { status: 400, code: 'state_invalid', reason: 'replayed' }

describe('a callback', () => {
  let context: Attacked
  beforeAll(async () => {
    context = await startAttackedGateway({ SSO_KEYS_MAX: '1000' })
  })
  afterAll(() => context.close())

  test('works once: the second one is refused, also after a restart, and the code is not redeemed again', async () => {
    const attempt = await begin(context)
    const path = await callbackOf(attempt)
    const cookie = `${attempt.cookie.name}=${attempt.cookie.value}`
    expect((await context.gateway.fetch(path, { headers: { cookie } })).status).toBe(200)
    const tokenRequests = context.wrong.tokenRequests.length
    const again = (headers: object) => context.gateway.fetch(path, { headers: { ...headers, cookie } })
    await expectRefused(context, replayed, again)
    await context.gateway.restart()
    await expectRefused(context, replayed, again)
    expect(context.wrong.tokenRequests).toHaveLength(tokenRequests)
  })

  test('works once also for ten of them at the same time: one key, nine refusals, one token request', async () => {
    const attempt = await begin(context)
    const path = await callbackOf(attempt)
    const headers = { cookie: `${attempt.cookie.name}=${attempt.cookie.value}` }
    const before = (await inventory(context)).keys.length
    const tokenRequests = context.wrong.tokenRequests.length
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => context.gateway.fetch(path, { headers })),
    )
    const pages = await Promise.all(answers.map((answer) => answer.text()))
    expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array(9).fill(400)])
    expect(pages.filter((page) => keyTextOn(page) !== null)).toHaveLength(1)
    expect((await inventory(context)).keys).toHaveLength(before + 1)
    expect(context.wrong.tokenRequests).toHaveLength(tokenRequests + 1)
  })

  test('may come after a restart: its state is held by the browser, not by the process', async () => {
    const attempt = await begin(context)
    await context.gateway.restart()
    expect((await attempt.jar.fetch(await callbackOf(attempt))).status).toBe(200)
  })

  test('is not used up by HEAD, prefetching, POST or another method', async () => {
    const attempt = await begin(context)
    const path = await callbackOf(attempt)
    const cookie = `${attempt.cookie.name}=${attempt.cookie.value}`
    const speculations: RequestInit[] = [
      { method: 'HEAD' },
      { headers: { 'sec-purpose': 'prefetch;prerender' } },
      { method: 'POST', body: new URLSearchParams(path.split('?')[1]) },
      { method: 'PUT' },
      { method: 'DELETE' },
    ]
    for (const init of speculations) {
      const headers = { ...(init.headers as object), cookie }
      const response = await context.gateway.fetch(path, { ...init, headers })
      expect(response.status).toBe(405)
      expect(response.headers.get('allow')).toBe('GET')
      expect(response.headers.getSetCookie()).toEqual([])
    }
    expect((await attempt.jar.fetch(path)).status).toBe(200)
  })

  test('does not open for a form that the provider posts (response_mode=form_post)', async () => {
    const attempt = await begin(context)
    const body = new URLSearchParams((await callbackOf(attempt)).split('?')[1])
    const posted = await attempt.jar.fetch('/auth/callback', { method: 'POST', body })
    expect(posted.status).toBe(405)
    expect(posted.headers.get('allow')).toBe('GET')
    // As a browser says it of the provider's page; the rule about other sites may answer first.
    const headers = { origin: context.wrong.issuer, 'sec-fetch-site': 'cross-site' }
    const crossSite = await attempt.jar.fetch('/auth/callback', { method: 'POST', body, headers })
    expect([403, 405]).toContain(crossSite.status)
  })
})
