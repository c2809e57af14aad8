import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type Attacked, begin, callbackOf, startAttackedGateway } from '../../support/attack.ts'
import { keyTextOn } from '../../support/browser-like.ts'
import { startGateway } from '../../support/gateway.ts'
import { json } from '../../support/json.ts'

const asPage = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' }

/** Every address that a page names in an attribute, other than the ones that only a click follows. */
function loadedBy(page: string): string[] {
  return [...page.matchAll(/<(?!a\b)\w+\b[^>]*?\b(?:src|href|action|data|poster)="([^"]*)"/g)].map(
    ([, url = '']) => url,
  )
}

function expectGuarded(response: Response): void {
  const policy = response.headers.get('content-security-policy') ?? ''
  expect(policy).not.toMatch(/unsafe-|https?:|\*/)
  for (const directive of [
    "default-src 'none'",
    "object-src 'none'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ])
    expect(policy).toContain(directive)
  const names = [
    'cache-control',
    'referrer-policy',
    'x-content-type-options',
    'x-frame-options',
    'cross-origin-opener-policy',
  ]
  expect(names.map((name) => response.headers.get(name))).toEqual([
    'no-store',
    'no-referrer',
    'nosniff',
    'DENY',
    'same-origin',
  ])
  expect(response.headers.get('access-control-allow-origin')).toBeNull()
  expect(response.headers.get('server')).toBeNull()
  expect(response.headers.get('x-powered-by')).toBeNull()
}

describe('the answers of sign-in', () => {
  let context: Attacked
  beforeAll(async () => {
    context = await startAttackedGateway({ SSO_KEYS_MAX: '1000' })
  })
  beforeEach(() => context.wrong.reset())
  afterAll(() => context.close())

  test('are guarded against caching, framing, sniffing, inline code and third parties: login, key page and refusals', async () => {
    const attempt = await begin(context)
    const path = await callbackOf(attempt)
    const answers = [
      await context.gateway.fetch('/auth/login'),
      await attempt.jar.fetch(path, { headers: asPage }),
      await attempt.jar.fetch(path, { headers: asPage }),
      await context.gateway.fetch('/auth/callback', { headers: asPage }),
      await context.gateway.fetch('/auth/callback?state=x'),
      await context.gateway.fetch('/auth/login?x=y', { headers: asPage }),
      await context.gateway.fetch('/auth/callback', { method: 'POST', headers: asPage }),
    ]
    expect(answers.map(({ status }) => status)).toEqual([302, 200, 400, 400, 400, 400, 405])
    for (const answer of answers) {
      expectGuarded(answer)
      expect(answer.headers.get('strict-transport-security')).toBeNull()
      const page = await answer.text()
      expect(loadedBy(page).filter((url) => !/^\/(?!\/)/.test(url))).toEqual([])
      expect(page).not.toMatch(/<script(?![^>]*\bsrc=)|<style|\son\w+=|\sstyle=/i)
    }
  })

  test('carry HSTS of a year or more where the public URL is https', async () => {
    const other = await startAttackedGateway({ AUTH_BASE_URL: 'https://keys.example.com' })
    const answers = await Promise.all(
      ['/auth/login', '/auth/callback'].map((path) => other.gateway.fetch(path)),
    )
    await other.close()
    for (const answer of answers) {
      const [, seconds] = /max-age=(\d+)/.exec(answer.headers.get('strict-transport-security') ?? '') ?? []
      expect(Number(seconds)).toBeGreaterThanOrEqual(31_536_000)
    }
    const redirectUri = new URL(answers[0]?.headers.get('location') ?? '').searchParams.get('redirect_uri')
    expect(redirectUri).toBe('https://keys.example.com/auth/callback')
  })

  test('show the key in one answer alone, on a page that takes code and state out of the address', async () => {
    const attempt = await begin(context)
    const path = await callbackOf(attempt)
    const page = await (await attempt.jar.fetch(path, { headers: asPage })).text()
    expect(keyTextOn(page)).not.toBeNull()
    expect(page).toContain('data-clear-address="/"')
    const query = new URL(path, 'http://x').searchParams
    for (const name of ['code', 'state']) expect(page).not.toContain(query.get(name))
    const again = await (await attempt.jar.fetch(path, { headers: asPage })).text()
    expect(keyTextOn(again)).toBeNull()
    expect(again).toContain('data-clear-address="/"')
  })

  test('are pages for people and problem+json for machines, with the request id of the header in the body', async () => {
    const attempt = await begin(context)
    const path = await callbackOf(attempt)
    context.wrong.behaviour.token = 'status-500'
    for (const [address, jar] of [
      ['/auth/callback', context.gateway],
      ['/auth/callback?state=x', context.gateway],
      [path, attempt.jar],
      ['/auth/login?x=1', context.gateway],
    ] as const) {
      const page = await jar.fetch(address, { headers: { ...asPage, 'x-request-id': 'evil' } })
      expect(page.headers.get('content-type')).toBe('text/html; charset=UTF-8')
      const pageId = page.headers.get('x-request-id') ?? ''
      expect(pageId).toMatch(/^req_\w+$/)
      expect(await page.text()).toContain(pageId)
      for (const accept of ['application/json', 'application/problem+json', '*/*', '']) {
        const problem = await context.gateway.fetch(address, { headers: { accept } })
        expect(problem.headers.get('content-type')).toBe('application/problem+json')
        const body = await json(problem)
        expect(Object.keys(body).sort()).toEqual(['code', 'detail', 'request_id', 'status', 'title', 'type'])
        expect(body).toMatchObject({
          type: `urn:keydesk:error:${body.code}`,
          status: problem.status,
          request_id: problem.headers.get('x-request-id'),
        })
        expect(body.request_id).not.toBe(pageId)
      }
    }
  })

  test('are 404 for login and callback, in every method, where no provider is configured', async () => {
    const gateway = await startGateway({ GOOGLE_CLIENT_ID: '' })
    const statuses = []
    for (const path of ['/auth/login', '/auth/callback', '/auth/callback?state=x&code=y'])
      for (const method of ['GET', 'HEAD', 'POST', 'OPTIONS'])
        statuses.push((await gateway.fetch(path, { method })).status)
    const page = await gateway.fetch('/auth/login', { headers: asPage })
    const text = await page.text()
    const front = await (await gateway.fetch('/', { headers: asPage })).text()
    const others = await Promise.all(['/healthz', '/readyz'].map((path) => gateway.fetch(path)))
    const admin = await gateway.asAdmin('/admin/users')
    await gateway.close()
    expect(statuses).toEqual(Array(12).fill(404))
    expect([page.status, ...others.map(({ status }) => status), admin.status]).toEqual([404, 200, 200, 200])
    expectGuarded(page)
    for (const html of [text, front]) expect(html).not.toContain('/auth/login')
  })

  test('that are not exactly these paths are 404, and sign nobody in', async () => {
    const attempt = await begin(context)
    const query = (await callbackOf(attempt)).split('?')[1]
    for (const path of [
      '/auth/callback/',
      '//auth/callback',
      '/auth//callback',
      '/AUTH/callback',
      '/auth/callback%2F',
      '/auth/callback/google',
      '/auth/login/',
      '/auth/LOGIN',
    ]) {
      const response = await attempt.jar.fetch(`${path}?${query}`)
      expect({ path, status: response.status }).toEqual({ path, status: 404 })
    }
    expect((await attempt.jar.fetch(`/auth/callback?${query}`)).status).toBe(200)
  })
})
