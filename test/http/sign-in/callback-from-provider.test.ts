import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import {
  type Attacked,
  begin,
  callbackOf,
  changed,
  expectRefused,
  freshAddress,
  startAttackedGateway,
} from '../../support/attack.ts'

const script = '<script>alert(1)</script>'
const otherIssuer = { status: 400, code: 'state_invalid', reason: 'other_issuer' }
const replayed = { status: 400, code: 'state_invalid', reason: 'replayed' }

describe('an error that the provider reports', () => {
  let context: Attacked
  beforeAll(async () => {
    context = await startAttackedGateway()
  })
  beforeEach(() => context.wrong.reset())
  afterAll(() => context.close())

  test.each([
    ['access_denied', 403, 'sign_in_denied', 'access_denied'],
    ['server_error', 502, 'provider_error', 'provider_says_server_error'],
    ['temporarily_unavailable', 502, 'provider_error', 'provider_says_temporarily_unavailable'],
    [script, 502, 'provider_error', 'provider_says_unreadable'],
    ['', 502, 'provider_error', 'provider_says_unreadable'],
  ])(
    'with a valid state uses the state up and makes no token request: %s',
    async (error, status, code, reason) => {
      const attempt = await begin(context)
      const withCode = await callbackOf(attempt)
      const path = changed(withCode, { code: null, error, error_description: script, error_uri: script })
      const { problem } = await expectRefused(context, { status, code, reason }, (headers) =>
        attempt.jar.fetch(path, { headers }),
      )
      if (error !== '') expect(JSON.stringify(problem)).not.toContain(error)
      expect(JSON.stringify(problem)).not.toContain('alert(1)')
      expect(attempt.jar.cookies.size).toBe(0)
      attempt.jar.cookies.set(attempt.cookie.name, attempt.cookie.value)
      await expectRefused(context, replayed, (headers) => attempt.jar.fetch(withCode, { headers }))
      expect(context.wrong.tokenRequests).toEqual([])
    },
  )

  test('beats a code that comes with it', async () => {
    const attempt = await begin(context)
    const path = changed(await callbackOf(attempt), { error: 'access_denied' })
    const denied = { status: 403, code: 'sign_in_denied', reason: 'access_denied' }
    await expectRefused(context, denied, (headers) => attempt.jar.fetch(path, { headers }))
    expect(context.wrong.tokenRequests).toEqual([])
  })

  test('is shown as a friendly page: cancelled, no key made, start again; error_description is never echoed', async () => {
    const attempt = await begin(context)
    const path = changed(await callbackOf(attempt), {
      code: null,
      error: 'access_denied',
      error_description: `call +1 555 ${script}`,
      error_uri: 'https://evil.test',
    })
    const response = await attempt.jar.fetch(path, { headers: { accept: 'text/html' } })
    const page = await response.text()
    expect(response.status).toBe(403)
    expect(page).toContain('You cancelled')
    expect(page).toMatch(/href="\/auth\/login"[^>]*>\s*Start again/)
    for (const echoed of ['555', 'alert(1)', 'evil.test', attempt.state]) expect(page).not.toContain(echoed)
  })

  test('without a valid state gets the same page whatever it says, and nothing of the URL is echoed', async () => {
    const pageFor = async (query: string) => {
      const headers = { accept: 'text/html', 'x-forwarded-for': freshAddress() }
      const response = await context.gateway.fetch(`/auth/callback?${query}`, { headers })
      expect(response.status).toBe(400)
      expect(response.headers.getSetCookie()).toEqual([])
      return (await response.text()).replaceAll(/req_\w+/g, '')
    }
    const marked = (error: string) =>
      `error=${error}&error_description=${encodeURIComponent(script)}marker&x=marker`
    const pages = await Promise.all(
      ['access_denied', 'marker', encodeURIComponent(script)].map(marked).map(pageFor),
    )
    expect(new Set(pages).size).toBe(1)
    expect(pages[0]).not.toMatch(/marker|alert\(1\)|access_denied/)
    const withState = await Promise.all(
      ['', 'marker', encodeURIComponent(`"${script}`)].map((state) =>
        pageFor(`${marked('a')}&state=${state}`),
      ),
    )
    expect(new Set(withState).size).toBe(1)
    expect(withState[0]).not.toMatch(/marker|alert\(1\)/)
    expect(context.wrong.tokenRequests).toEqual([])
  })
})

describe('the iss parameter (RFC 9207)', () => {
  let promising: Attacked
  let silent: Attacked
  beforeAll(async () => {
    promising = await startAttackedGateway()
    promising.wrong.behaviour.discovery = (document) => ({
      ...document,
      authorization_response_iss_parameter_supported: true,
    })
    silent = await startAttackedGateway()
  })
  afterAll(async () => {
    await promising.close()
    await silent.close()
  })

  const lies: [string, (issuer: string) => string][] = [
    ['of another issuer', () => 'https://accounts.google.com'],
    ['with a slash too many', (issuer) => `${issuer}/`],
    ['with https in place of http', (issuer) => issuer.replace('http:', 'https:')],
    ['in capitals', (issuer) => issuer.toUpperCase()],
    ['that is empty', () => ''],
  ]
  test.each(lies)(
    '%s is refused with 400 before a token request, and the state is used up',
    async (_, lie) => {
      for (const context of [promising, silent]) {
        const attempt = await begin(context)
        const right = await callbackOf(attempt)
        const path = changed(right, { iss: lie(context.wrong.issuer) })
        const tokenRequests = context.wrong.tokenRequests.length
        await expectRefused(context, otherIssuer, (headers) => attempt.jar.fetch(path, { headers }))
        attempt.jar.cookies.set(attempt.cookie.name, attempt.cookie.value)
        await expectRefused(context, replayed, (headers) => attempt.jar.fetch(right, { headers }))
        expect(context.wrong.tokenRequests).toHaveLength(tokenRequests)
      }
    },
  )

  test('that discovery promises and that is missing is refused with 400, on an error answer too', async () => {
    const missing: Record<string, string | null>[] = [{ iss: null }, { iss: null, error: 'access_denied' }]
    for (const parameters of missing) {
      const attempt = await begin(promising)
      const path = changed(await callbackOf(attempt), parameters)
      const tokenRequests = promising.wrong.tokenRequests.length
      await expectRefused(promising, otherIssuer, (headers) => attempt.jar.fetch(path, { headers }))
      expect(promising.wrong.tokenRequests).toHaveLength(tokenRequests)
    }
  })

  test('given twice is refused with 400, and no token request is made', async () => {
    const attempt = await begin(promising)
    const path = `${await callbackOf(attempt)}&iss=${encodeURIComponent('https://evil.test')}`
    const tokenRequests = promising.wrong.tokenRequests.length
    expect((await attempt.jar.fetch(path)).status).toBe(400)
    expect(promising.wrong.tokenRequests).toHaveLength(tokenRequests)
  })

  test('may be missing where discovery does not promise it, and is right where it is right', async () => {
    for (const context of [promising, silent]) {
      const attempt = await begin(context)
      expect((await attempt.jar.fetch(await callbackOf(attempt))).status).toBe(200)
    }
    const attempt = await begin(silent)
    const path = changed(await callbackOf(attempt), { iss: null })
    expect((await attempt.jar.fetch(path)).status).toBe(200)
  })
})
