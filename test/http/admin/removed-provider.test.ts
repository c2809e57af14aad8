import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type CookieJar, keyTextOn } from '../../support/browser-like.ts'
import { json } from '../../support/json.ts'
import {
  beginLink,
  callbackAt,
  type ProviderId,
  providerSettings,
  type SeveralProviders,
  sessionOf,
  signedInBrowser,
  signInAt,
  startSeveralProviders,
} from '../../support/several-providers.ts'

const removed = {
  PROVIDER_KEY_CLOAK_ISSUER: '',
  PROVIDER_KEY_CLOAK_CLIENT_ID: '',
  PROVIDER_KEY_CLOAK_CLIENT_SECRET: '',
}
const otherIssuer = { PROVIDER_KEY_CLOAK_ISSUER: 'https://other.example.net' }

describe('who is known by a provider that is not there any more', () => {
  let context: SeveralProviders
  beforeEach(async () => {
    context = await startSeveralProviders({
      AUTH_RATE_LIMIT: 'off',
      FAILURE_RATE_LIMIT: 'off',
      ALLOWED_DOMAINS: 'example.com',
    })
    Object.assign(context.keycloak.account, { sub: 'kim', email: 'kim@lab.test' })
    await allow('key-cloak')
  })
  afterEach(() => context.close())

  /** A rule of an admin, which stays when a provider leaves the settings. */
  async function allow(provider: string): Promise<void> {
    const headers = { 'content-type': 'application/json' }
    const body = JSON.stringify({ kind: 'allow_domain', provider, value: 'lab.test' })
    const answer = await context.gateway.asAdmin('/admin/access-rules', { method: 'POST', headers, body })
    expect(answer.status).toBe(201)
  }

  async function keyAt(provider: ProviderId): Promise<string> {
    const response = await signInAt(context, provider)
    const page = await response.text()
    const key = keyTextOn(page)
    if (key === null) throw new Error(`the callback answered ${response.status}: ${page}`)
    return key
  }

  /** Status and code of the key, and of the session. */
  async function answersTo(key: string, jar: CookieJar) {
    const answer = await context.gateway.fetch('/v1/validate', { headers: { 'x-api-key': key } })
    const session = await jar.fetch('/auth/session')
    return [
      [answer.status, (await json(answer)).code],
      [session.status, (await json(session)).code],
    ]
  }

  const valid = [
    [200, undefined],
    [200, undefined],
  ]
  const refusedKey = [401, 'owner_not_allowed']

  test.each([
    ['was removed from the settings', removed],
    ['has another issuer under its id', otherIssuer],
    [
      'has another id for the same issuer',
      () => ({ ...removed, ...providerSettings('LAB', context.keycloak.issuer) }),
    ],
  ])('because it %s: the key and the session open nothing until it is back', async (_, settings) => {
    const [key, jar] = [await keyAt('key-cloak'), await signedInBrowser(context, 'key-cloak')]
    const ofAlice = [await keyAt('google'), await signedInBrowser(context, 'google')] as const
    expect(await answersTo(key, jar)).toEqual(valid)
    await context.gateway.restart(typeof settings === 'function' ? settings() : settings)
    const [keyNow, sessionNow] = await answersTo(key, jar)
    expect(keyNow).toEqual(refusedKey)
    expect(sessionNow?.[1]).toBe('owner_not_allowed')
    expect(await answersTo(...ofAlice)).toEqual(valid)
    await context.gateway.restart()
    expect(await answersTo(key, jar)).toEqual(valid)
  })

  test('a rule for everybody of another provider does not stand in for it', async () => {
    const [key, jar] = [await keyAt('key-cloak'), await signedInBrowser(context, 'key-cloak')]
    await context.gateway.restart({ ...removed, ALLOWED_DOMAINS: 'lab.test,entra:lab.test' })
    expect((await answersTo(key, jar))[0]).toEqual(refusedKey)
  })

  test('but by another provider too: that one vouches', async () => {
    const jar = await signedInBrowser(context, 'google')
    const begun = await beginLink(jar, 'key-cloak')
    expect((await jar.fetch(await callbackAt(context, begun))).status).toBe(303)
    const key = await keyAt('key-cloak')
    await context.gateway.restart(removed)
    expect(await answersTo(key, jar)).toEqual(valid)
    expect((await sessionOf(jar)).user.email).toBe('alice@example.com')
  })

  test('but a deny rule at it still counts', async () => {
    const jar = await signedInBrowser(context, 'google')
    const begun = await beginLink(jar, 'key-cloak')
    expect((await jar.fetch(await callbackAt(context, begun))).status).toBe(303)
    const key = await keyAt('google')
    await context.gateway.restart({ ...removed, DENIED_EMAILS: 'kim@lab.test' })
    expect((await answersTo(key, jar))[0]).toEqual(refusedKey)
  })
})
