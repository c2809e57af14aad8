import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createCookieJar, pathOf } from '../../support/browser-like.ts'
import { startGateway, type TestGateway } from '../../support/gateway.ts'
import { json } from '../../support/json.ts'
import { signInSettings, startSignInGateway, subjectOf } from '../../support/sign-in.ts'
import { postFrom, signInForSession, stateAt } from '../../support/signed-in.ts'
import { signInAtProvider } from '../../support/stand-in-provider.ts'

describe('a session with two gateways on one database', () => {
  let first: Awaited<ReturnType<typeof startSignInGateway>>
  let second: TestGateway
  beforeAll(async () => {
    first = await startSignInGateway()
    second = await startGateway(
      { AUTH_BASE_URL: first.gateway.url, ...signInSettings(first.standIn.issuer) },
      { beside: first.gateway },
    )
  })
  afterAll(async () => {
    await second.close()
    await first.close()
  })
  const bothSay = async (secret: string) =>
    (await Promise.all([first.gateway, second].map((gateway) => stateAt(gateway, secret)))).map(
      ({ status }) => status,
    )

  test('that was begun at one is good at the other, and says the same there', async () => {
    const { secret } = await signInForSession(first, 'alice@example.com')
    const [here, there] = await Promise.all(
      [first.gateway, second].map((gateway) => stateAt(gateway, secret)),
    )
    const [one, other] = [await json(here!), await json(there!)]
    expect(other.user).toEqual(one.user)
    expect(other.session.id).toBe(one.session.id)
  })

  test('may be begun at one and finished at the other, with its return_to', async () => {
    const jar = createCookieJar(first.gateway)
    const login = await jar.fetch('/auth/login?return_to=/account')
    const back = await signInAtProvider(
      login.headers.get('location') ?? '',
      subjectOf(first.standIn, 'ada@example.com'),
    )
    const elsewhere = createCookieJar(second)
    for (const [name, value] of jar.cookies) elsewhere.cookies.set(name, value)
    const response = await elsewhere.fetch(pathOf(back))
    expect(response.headers.get('location')).toBe(`${first.gateway.url}/account`)
    expect(await bothSay(elsewhere.cookies.get('__Host-keydesk') ?? '')).toEqual([200, 200])
  })

  test('is over at both at once, whichever ends it', async () => {
    for (const gateway of [first.gateway, second]) {
      const { secret } = await signInForSession(first, 'alice@example.com')
      expect(await bothSay(secret)).toEqual([200, 200])
      const jar = createCookieJar(gateway)
      jar.cookies.set('__Host-keydesk', secret)
      expect((await postFrom({ jar }, '/auth/logout')).status).toBe(204)
      expect(await bothSay(secret)).toEqual([401, 401])
    }
  })

  test('ends with its user being disabled, or all being signed out, at the other', async () => {
    const { secret } = await signInForSession(first, 'otto@elsewhere.test')
    const { user } = await json(await stateAt(second, secret))
    await second.asAdmin(`/admin/users/${user.id}`, {
      method: 'PATCH',
      headers: { 'content-type': 'application/json' },
      body: '{"status":"disabled"}',
    })
    expect(await bothSay(secret)).toEqual([401, 401])
    const alice = await signInForSession(first, 'alice@example.com')
    await second.asAdmin('/admin/sessions', { method: 'DELETE' })
    expect(await bothSay(alice.secret)).toEqual([401, 401])
  })

  test('outlives a restart, and one that has ended does not come back by it', async () => {
    const kept = await signInForSession(first, 'alice@example.com')
    const left = await signInForSession(first, 'ada@example.com')
    await postFrom(left, '/auth/logout')
    await first.gateway.restart()
    expect(await bothSay(kept.secret)).toEqual([200, 200])
    expect(await bothSay(left.secret)).toEqual([401, 401])
  })
})
