import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type Begun, changed, expectRefused } from '../../support/attack.ts'
import { createCookieJar, keyTextOn } from '../../support/browser-like.ts'
import {
  beginAt,
  callbackAt,
  type ProviderId,
  providerIds,
  type SeveralProviders,
  startSeveralProviders,
} from '../../support/several-providers.ts'

const otherIssuer = { status: 400, code: 'state_invalid', reason: 'other_issuer' }
const replayed = { status: 400, code: 'state_invalid', reason: 'replayed' }
const noCookie = { status: 400, code: 'state_invalid', reason: 'no_attempt_cookie' }
const doors: Record<ProviderId, string> = {
  google: '/auth/callback',
  entra: '/auth/callback/entra',
  'key-cloak': '/auth/callback/key-cloak',
}
const pairs = providerIds.flatMap((from) =>
  providerIds.filter((to) => to !== from).map((to) => [from, to] as const),
)

describe('a sign-in that was begun at one provider', () => {
  let context: SeveralProviders
  beforeAll(async () => {
    context = await startSeveralProviders()
  })
  beforeEach(() => {
    context.entra.reset()
    context.keycloak.reset()
    context.entra.account.email = 'entra@example.com'
    context.keycloak.account.email = 'keycloak@example.com'
  })
  afterAll(() => context.close())
  const codesSpent = () =>
    context.standIn.requests.token +
    context.entra.tokenRequests.length +
    context.keycloak.tokenRequests.length
  const atDoor = (to: ProviderId, path: string) => doors[to] + new URL(path, 'http://x').search
  const showing = (headers: Record<string, string>, name: string, value: string) => ({
    headers: { ...headers, cookie: `${name}=${value}` },
  })

  test.each(pairs)(
    '%s, cannot finish at the door of %s: 400, no code leaves the house, the state is used up',
    async (from, to) => {
      const begun = await beginAt(context, from)
      const right = await callbackAt(context, begun)
      const spent = codesSpent()
      await expectRefused(context, otherIssuer, (headers) => begun.jar.fetch(atDoor(to, right), { headers }))
      begun.jar.cookies.set(begun.cookie.name, begun.cookie.value)
      await expectRefused(context, replayed, (headers) => begun.jar.fetch(right, { headers }))
      expect(codesSpent()).toBe(spent)
    },
  )

  test.each(pairs)(
    '%s, gets nothing from a code of %s that is brought to its own door (mix-up)',
    async (from, to) => {
      const [victim, other] = [await beginAt(context, from), await beginAt(context, to)]
      const answer = new URL(await callbackAt(context, other), 'http://x').searchParams
      const right = await callbackAt(context, victim)
      // With the issuer that the other provider names (RFC 9207), and without.
      const honest = changed(right, { code: answer.get('code'), iss: answer.get('iss') })
      await expectRefused(context, otherIssuer, (headers) => victim.jar.fetch(honest, { headers }))
      const second = await beginAt(context, from)
      const silent = changed(await callbackAt(context, second), { code: answer.get('code'), iss: null })
      const response = await second.jar.fetch(silent, { headers: { accept: 'application/json' } })
      expect([400, 502]).toContain(response.status)
      expect(keyTextOn(await response.text())).toBeNull()
    },
  )

  test('cannot finish at /auth/callback/google or at a door that is none: 404, and the attempt is kept', async () => {
    const begun = await beginAt(context, 'google')
    const right = await callbackAt(context, begun)
    const query = new URL(right, 'http://x').search
    for (const path of ['/auth/callback/google', '/auth/callback/nobody', '/auth/callback/Entra']) {
      const response = await begun.jar.fetch(path + query)
      expect([response.status, response.headers.getSetCookie()]).toEqual([404, []])
    }
    expect((await begun.jar.fetch(right)).status).toBe(200)
  })

  test('does not open with the cookie of another, under its own name or renamed, at either door', async () => {
    for (const [from, to] of [
      ['google', 'entra'],
      ['entra', 'google'],
      ['entra', 'key-cloak'],
    ] as const) {
      const [mine, other] = [await beginAt(context, from), await beginAt(context, to)]
      const query = await callbackAt(context, mine)
      const spent = codesSpent()
      for (const door of [from, to]) {
        for (const name of [mine.cookie.name, other.cookie.name])
          await expectRefused(context, noCookie, (headers) =>
            context.gateway.fetch(atDoor(door, query), showing(headers, name, other.cookie.value)),
          )
      }
      expect(codesSpent()).toBe(spent)
    }
  })

  test('does not finish with the state of one and the door, cookie and code of another', async () => {
    const [mine, other] = [await beginAt(context, 'entra'), await beginAt(context, 'key-cloak')]
    const path = changed(await callbackAt(context, other), { state: mine.state })
    await expectRefused(context, noCookie, (headers) =>
      context.gateway.fetch(path, showing(headers, other.cookie.name, other.cookie.value)),
    )
    expect(codesSpent()).toBe(context.standIn.requests.token)
  })

  test('ends with 502 when the provider hands out an ID token of another issuer', async () => {
    const idTokenRefused = { status: 502, code: 'provider_error', reason: 'id_token_refused' }
    for (const iss of [context.standIn.issuer, context.keycloak.issuer]) {
      context.entra.behaviour.idTokenClaims = (claims) => ({ ...claims, iss })
      await expectRefused(context, idTokenRefused, async (headers) => {
        const begun = await beginAt(context, 'entra')
        return begun.jar.fetch(await callbackAt(context, begun), { headers })
      })
    }
  })

  test('ends with 502 when the provider hands on an ID token that another provider signed for the same client', async () => {
    const stolen: unknown[] = []
    context.keycloak.behaviour.tokenAnswer = (answer) => {
      stolen.push(answer.id_token)
      return answer
    }
    const theirs = await beginAt(context, 'key-cloak')
    expect((await theirs.jar.fetch(await callbackAt(context, theirs))).status).toBe(200)
    context.entra.behaviour.tokenAnswer = (answer) => ({ ...answer, id_token: stolen[0] })
    const expected = { status: 502, code: 'provider_error', reason: 'id_token_refused' }
    await expectRefused(context, expected, async (headers) => {
      const begun = await beginAt(context, 'entra')
      return begun.jar.fetch(await callbackAt(context, begun), { headers })
    })
  })

  test('goes on undisturbed beside those at the other providers in the same browser', async () => {
    const jar = createCookieJar(context.gateway)
    const attempts: Begun[] = []
    for (const provider of [...providerIds, ...providerIds])
      attempts.push(await beginAt(context, provider, { jar }))
    for (const begun of attempts.reverse())
      expect((await jar.fetch(await callbackAt(context, begun))).status).toBe(200)
    expect(jar.cookies.size).toBe(0)
  })
})
