import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { tokenOn } from '../../support/account-forms.ts'
import { type Begun, expectRefused } from '../../support/attack.ts'
import { type CookieJar, createCookieJar } from '../../support/browser-like.ts'
import { json } from '../../support/json.ts'
import {
  beginAt,
  beginLink,
  callbackAt,
  linkForm,
  type SeveralProviders,
  sessionOf,
  signedInBrowser,
  signInAt,
  startSeveralProviders,
} from '../../support/several-providers.ts'

const otherSession = { status: 400, code: 'state_invalid', reason: 'other_session' }
const notAllowed = (reason: string) => ({ status: 403, code: 'not_allowed', reason })
const email = 'alice@example.com'
const sameOrigin = { 'sec-fetch-site': 'same-origin' }

describe('adding a second identity is refused', () => {
  let context: SeveralProviders
  let alice: CookieJar
  let token: string
  let shiftMs = 0
  beforeAll(async () => {
    context = await startSeveralProviders({}, { now: () => new Date(Date.now() + shiftMs) })
  })
  beforeEach(async () => {
    shiftMs = 0
    context.entra.reset()
    context.keycloak.reset()
    context.entra.account.email = 'alice@work.test'
    context.keycloak.account.email = 'kim@lab.test'
    context.keycloak.account.sub = 'kim'
    alice = await signedInBrowser(context, 'google')
    token = await tokenOn(alice)
  })
  afterEach(async () => {
    // Whatever was tried: Alice is known by her account at Google, and by no other.
    const identities = await context.gateway.database.rows(
      `SELECT provider, email FROM identities WHERE user_id IN (SELECT id FROM users WHERE email = ?)`,
      email,
    )
    expect(identities).toEqual([{ provider: 'google', email }])
  })
  afterAll(() => context.close())

  async function answerTo(jar: Pick<CookieJar, 'fetch'>, init: RequestInit) {
    const asked = context.entra.authorizeRequests.length
    const response = await jar.fetch('/account/identities', init)
    expect(response.headers.getSetCookie()).toEqual([])
    expect(context.entra.authorizeRequests).toHaveLength(asked)
    return { status: response.status, code: (await json(response)).code }
  }

  const finish = async (begun: Begun, headers: Record<string, string>) =>
    begun.jar.fetch(await callbackAt(context, begun), { headers })

  test('without a session, with one that is over and with one that was made up: 401', async () => {
    const gone = await signedInBrowser(context, 'google')
    const value = gone.cookies.get('__Host-keydesk') ?? ''
    await gone.fetch('/auth/logout', { method: 'POST', headers: sameOrigin })
    for (const cookie of ['', `__Host-keydesk=${value}`, '__Host-keydesk=', '__Host-keydesk=made-up'])
      expect(await answerTo(context.gateway, linkForm('entra', 'x', { cookie }))).toEqual({
        status: 401,
        code: 'unauthenticated',
      })
  })

  test('for a request of another site, of a sibling, and of whatever says nothing of itself: 403', async () => {
    const origins: Record<string, string>[] = [
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
      { 'sec-fetch-site': 'none' },
      { 'sec-fetch-site': 'same-origin', origin: 'https://evil.test' },
      { origin: 'https://evil.test' },
      { origin: 'null' },
      { 'sec-fetch-site': '' },
      {},
    ]
    const body = new URLSearchParams({ csrf_token: token, provider: 'entra' })
    for (const headers of origins)
      expect({ headers, ...(await answerTo(alice, { method: 'POST', headers, body })) }).toEqual({
        headers,
        status: 403,
        code: 'forbidden',
      })
  })

  test('for a provider that there is not: 404', async () => {
    for (const provider of ['nobody', 'Entra', '', 'constructor', '*', 'https://evil.test'])
      expect(await answerTo(alice, linkForm(provider, token))).toEqual({ status: 404, code: 'not_found' })
  })

  test('for a form with other fields, none, or one twice, and for a query: 400', async () => {
    for (const body of [
      'provider=entra&user_id=usr_1',
      'provider=entra&provider=google',
      'return_to=/&provider=entra',
      'Provider=entra',
      '',
    ])
      expect(
        await answerTo(alice, {
          method: 'POST',
          headers: sameOrigin,
          body: form(`csrf_token=${token}&${body}`),
        }),
      ).toEqual({
        status: 400,
        code: 'invalid_request',
      })
    const query = await alice.fetch('/account/identities?provider=google', linkForm('entra', token))
    expect(query.status).toBe(400)
  })

  test('for a body that is no form: 415, and for one of 100 kB: 413', async () => {
    for (const type of ['application/json', 'text/plain', 'multipart/form-data; boundary=x']) {
      const headers = { ...sameOrigin, 'content-type': type }
      const answer = await answerTo(alice, { method: 'POST', headers, body: 'provider=entra' })
      expect(answer).toEqual({ status: 415, code: 'unsupported_media_type' })
    }
    const large = form(`provider=${'e'.repeat(100_000)}`)
    const answer = await answerTo(alice, { method: 'POST', headers: sameOrigin, body: large })
    expect(answer).toEqual({ status: 413, code: 'too_large' })
  })

  test('by any other method than POST, so that a link or an image begins nothing', async () => {
    for (const method of ['GET', 'HEAD', 'PUT', 'DELETE']) {
      const response = await alice.fetch('/account/identities?provider=entra', {
        method,
        headers: sameOrigin,
      })
      expect([404, 405]).toContain(response.status)
      expect(response.headers.getSetCookie()).toEqual([])
    }
  })

  test('when the session has ended since: by logging out, here or everywhere, or by an admin', async () => {
    const endings = [
      (jar: CookieJar) => jar.fetch('/auth/logout', { method: 'POST', headers: sameOrigin }),
      (jar: CookieJar) => jar.fetch('/auth/logout/everywhere', { method: 'POST', headers: sameOrigin }),
      async (jar: CookieJar) => {
        const { user } = await sessionOf(jar)
        return context.gateway.asAdmin(`/admin/users/${user.id}/sessions`, { method: 'DELETE' })
      },
    ]
    for (const end of endings) {
      const jar = await signedInBrowser(context, 'google')
      const begun = await beginLink(jar, 'entra')
      const cookie = jar.cookies.get('__Host-keydesk') ?? ''
      expect((await end(jar)).status).toBe(204)
      jar.cookies.set('__Host-keydesk', cookie)
      await expectRefused(context, otherSession, (headers) => finish(begun, headers))
    }
  })

  test('when the browser has signed in anew since, as the same person or as another', async () => {
    for (const who of [email, 'otto@elsewhere.test']) {
      const jar = await signedInBrowser(context, 'google')
      const begun = await beginLink(jar, 'entra')
      await signInAt(context, 'google', { jar, email: who, returnTo: '/' })
      expect((await sessionOf(jar)).user.email).toBe(who)
      await expectRefused(context, otherSession, (headers) => finish(begun, headers))
    }
  })

  test('when the session is idle for too long by the time that the provider answers', async () => {
    await context.gateway.restart({ SESSION_IDLE: '1m' })
    const jar = await signedInBrowser(context, 'google')
    const begun = await beginLink(jar, 'entra')
    shiftMs = 61_000
    await expectRefused(context, otherSession, (headers) => finish(begun, headers))
    shiftMs = 0
    await context.gateway.restart()
  })

  test('in a browser that is not signed in, and in that of somebody else who is lured to the callback', async () => {
    for (const jar of [
      createCookieJar(context.gateway),
      await signedInBrowser(context, 'google', 'otto@elsewhere.test'),
    ]) {
      const begun = await beginLink(alice, 'entra')
      // Even where the attacker could plant the cookie of the attempt.
      jar.cookies.set(begun.cookie.name, begun.cookie.value)
      await expectRefused(context, otherSession, (headers) => finish({ ...begun, jar }, headers))
    }
  })

  test('for an identity that the rules do not cover or deny by itself, whatever the first one is allowed', async () => {
    const cases: [Record<string, string>, string][] = [
      [{ ALLOWED_EMAILS: email }, 'domain_not_allowed'],
      [{ ALLOWED_DOMAINS: 'example.com,work.test' }, 'domain_not_allowed'],
      [{ ADMIN_EMAILS: email, ALLOWED_EMAILS: 'entra:other@work.test' }, 'domain_not_allowed'],
      [{ DENIED_EMAILS: 'alice@work.test' }, 'denied'],
    ]
    for (const [settings, reason] of cases) {
      await context.gateway.restart(settings)
      const begun = await beginLink(alice, 'entra')
      await expectRefused(context, notAllowed(reason), (headers) => finish(begun, headers))
    }
    await context.gateway.restart()
  })

  test('for an address that is not verified', async () => {
    context.entra.account.email_verified = false
    const unverified = { status: 403, code: 'email_unverified', reason: 'email_unverified' }
    const begun = await beginLink(alice, 'entra')
    await expectRefused(context, unverified, (headers) => finish(begun, headers))
  })

  test('for an identity that is somebody else’s already', async () => {
    expect((await signInAt(context, 'key-cloak')).status).toBe(200)
    const begun = await beginLink(alice, 'key-cloak')
    const expected = notAllowed('identity_of_another_user')
    const { event } = await expectRefused(context, expected, (headers) => finish(begun, headers))
    expect(event.facts).toMatchObject({ provider: 'key-cloak' })
  })

  test('for the address of another user, as their profile has it and as a second identity of theirs has it', async () => {
    const otto = await signedInBrowser(context, 'google', 'otto@elsewhere.test')
    const theirs = await beginLink(otto, 'key-cloak')
    context.keycloak.account.sub = 'otto-at-lab'
    context.keycloak.account.email = 'otto@lab.test'
    expect((await otto.fetch(await callbackAt(context, theirs))).status).toBe(303)
    for (const taken of ['otto@elsewhere.test', 'otto@lab.test']) {
      context.entra.account.email = taken
      const begun = await beginLink(alice, 'entra')
      const expected = notAllowed('email_of_another_user')
      await expectRefused(context, expected, (headers) => finish(begun, headers))
    }
  })

  test('at another door than that of the provider it was begun with', async () => {
    const begun = await beginLink(alice, 'entra')
    const path = (await callbackAt(context, begun)).replace('/callback/entra', '/callback/key-cloak')
    const expected = { status: 400, code: 'state_invalid', reason: 'other_issuer' }
    await expectRefused(context, expected, (headers) => alice.fetch(path, { headers }))
  })

  test('by a plain sign-in in the same browser: that is somebody of their own', async () => {
    const begun = await beginAt(context, 'entra', { jar: alice })
    expect((await alice.fetch(await callbackAt(context, begun))).status).toBe(200)
    expect((await sessionOf(alice)).user.email).toBe(email)
  })
})

function form(text: string): Blob {
  return new Blob([text], { type: 'application/x-www-form-urlencoded' })
}
