import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  type Attacked,
  begin,
  callbackOf,
  changed,
  expectRefused,
  startAttackedGateway,
} from '../../support/attack.ts'

const badState = { status: 400, code: 'state_invalid', reason: 'bad_state' }

describe('the state of a callback', () => {
  let context: Attacked
  let shiftMs = 0
  beforeAll(async () => {
    context = await startAttackedGateway(
      { SSO_KEYS_MAX: '1000' },
      { now: () => new Date(Date.now() + shiftMs) },
    )
  })
  afterAll(() => context.close())

  test('is wanted: without it 400, no cookie, no token request', async () => {
    const attempt = await begin(context)
    const path = changed(await callbackOf(attempt), { state: null })
    const tokenRequests = context.wrong.tokenRequests.length
    const expected = { status: 400, code: 'state_invalid', reason: 'no_state' }
    const { response } = await expectRefused(context, expected, (headers) =>
      attempt.jar.fetch(path, { headers }),
    )
    expect(response.headers.getSetCookie()).toEqual([])
    expect(context.wrong.tokenRequests).toHaveLength(tokenRequests)
  })

  test.each([
    ['first third, the time', 3],
    ['middle third, the random part', 28],
    ['last third, the signature', 45],
    ['last character', 54],
  ])('with one bit flipped in its %s is refused', async (_, index) => {
    const attempt = await begin(context)
    const path = await callbackOf(attempt)
    // Within base64url every one of these is another letter of the alphabet or no letter at all.
    for (const bit of [1, 2, 4]) {
      const flipped = String.fromCharCode(attempt.state.charCodeAt(index) ^ bit)
      const state = attempt.state.slice(0, index) + flipped + attempt.state.slice(index + 1)
      const address = changed(path, { state })
      await expectRefused(context, badState, (headers) => attempt.jar.fetch(address, { headers }))
    }
  })

  test('of any other form is refused and never breaks anything', async () => {
    const { state, jar } = await begin(context)
    const [nonce = '', signature = ''] = state.split('.')
    for (const other of [
      '',
      '.',
      'x',
      nonce,
      `${nonce}.`,
      `.${signature}`,
      `${state}.`,
      `${state} `,
      `${state}=`,
    ]) {
      const query = `state=${encodeURIComponent(other)}&code=x`
      await expectRefused(context, badState, (headers) => jar.fetch(`/auth/callback?${query}`, { headers }))
    }
    for (const query of ['state=%', 'state=%00', 'state=%ff%fe', 'state=%ed%a0%80', 'state=%0d%0aX-Evil:1']) {
      const response = await jar.fetch(`/auth/callback?${query}`)
      expect(response.status).toBe(400)
      expect(response.headers.get('x-evil')).toBeNull()
    }
  })

  test('or a code or an error that is given twice or is too long is 400 invalid_request, and uses nothing up', async () => {
    const attempt = await begin(context)
    const path = await callbackOf(attempt)
    const long = 'a'.repeat(5000)
    for (const query of [`&state=${attempt.state}`, '&code=x', '&iss=x', `&error=${long}`]) {
      const response = await context.gateway.fetch(path + query, {
        headers: { cookie: `${attempt.cookie.name}=${attempt.cookie.value}` },
      })
      expect(response.status).toBe(400)
      expect(await response.text()).not.toContain('aaaaaaaaaa')
    }
    expect((await attempt.jar.fetch(path)).status).toBe(200)
  })

  test('is refused once its ten minutes are over, with a page that offers to start again', async () => {
    const [late, inTime] = [await begin(context), await begin(context)]
    const [latePath, path] = [await callbackOf(late), await callbackOf(inTime)]
    shiftMs = 601_000
    const expected = { status: 400, code: 'state_expired', reason: 'state_expired' }
    const { problem } = await expectRefused(context, expected, (headers) =>
      late.jar.fetch(latePath, { headers }),
    )
    const page = await inTime.jar.fetch(path, { headers: { accept: 'text/html' } })
    shiftMs = 0
    expect(problem.detail).toContain('10 minutes')
    expect(page.status).toBe(400)
    expect(await page.text()).toMatch(/href="\/auth\/login"[^>]*>\s*Start again/)
  })

  test('from the future, as a clock that was set back would show it, is refused', async () => {
    shiftMs = 120_000
    const attempt = await begin(context)
    shiftMs = 0
    const path = await callbackOf(attempt)
    await expectRefused(context, badState, (headers) => attempt.jar.fetch(path, { headers }))
  })

  test('made under another master key is refused', async () => {
    const other = await startAttackedGateway()
    const attempt = await begin(other)
    await other.close()
    await expectRefused(context, badState, (headers) =>
      context.gateway.fetch(`/auth/callback?state=${attempt.state}&code=x`, {
        headers: { ...headers, cookie: `${attempt.cookie.name}=${attempt.cookie.value}` },
      }),
    )
  })

  test('of a victim with the code of an attacker gets no key: the code belongs to another PKCE pair', async () => {
    const attacker = await begin(context)
    const victim = await begin(context)
    const code = new URL(await callbackOf(attacker), 'http://x').searchParams.get('code')
    const path = changed(await callbackOf(victim), { code })
    const expected = { status: 502, code: 'provider_error', reason: 'token_refused' }
    await expectRefused(context, expected, (headers) => victim.jar.fetch(path, { headers }))
  })

  test('without a code, or with an empty one, is 400, and no token request is made', async () => {
    const expected = { status: 400, code: 'state_invalid', reason: 'no_code' }
    const tokenRequests = context.wrong.tokenRequests.length
    for (const code of [null, '']) {
      const attempt = await begin(context)
      const path = changed(await callbackOf(attempt), { code })
      await expectRefused(context, expected, (headers) => attempt.jar.fetch(path, { headers }))
    }
    expect(context.wrong.tokenRequests).toHaveLength(tokenRequests)
  })
})
