import { afterEach, describe, expect, test } from 'vitest'
import { tokenOn } from '../../support/account-forms.ts'
import { auditOf, expectRefused, inventory } from '../../support/attack.ts'
import { type CookieJar, createCookieJar, keyTextOn } from '../../support/browser-like.ts'
import { json } from '../../support/json.ts'
import {
  beginLink,
  callbackAt,
  linkForm,
  type ProviderId,
  type SeveralProviders,
  sessionOf,
  signedInBrowser,
  signInAt,
  startSeveralProviders,
} from '../../support/several-providers.ts'

let context: SeveralProviders
afterEach(() => context.close())

async function start(settings: Record<string, string> = {}, options: { now?: () => Date } = {}) {
  context = await startSeveralProviders(settings, options)
  context.entra.account.email = 'alice@work.test'
  context.keycloak.account.email = 'alice@lab.test'
}

/** Alice with Google, to whom her account at entra is added. */
async function linkedAlice(): Promise<CookieJar> {
  const jar = await signedInBrowser(context, 'google')
  await link(jar, 'entra')
  return jar
}

async function link(jar: CookieJar, provider: ProviderId): Promise<void> {
  const begun = await beginLink(jar, provider)
  const response = await jar.fetch(await callbackAt(context, begun))
  expect([response.status, response.headers.get('location')]).toEqual([303, '/account'])
}

async function keyAt(provider: ProviderId): Promise<string> {
  const response = await signInAt(context, provider)
  return keyTextOn(await response.text()) ?? `none: ${response.status}`
}

async function validate(key: string): Promise<any> {
  return json(await context.gateway.fetch('/v1/validate', { headers: { 'x-api-key': key } }))
}

async function theUser(): Promise<any> {
  const [{ id }, ...others] = (await inventory(context)).users
  expect(others).toEqual([])
  return json(await context.gateway.asAdmin(`/admin/users/${id}`))
}

describe('a second identity that a signed-in person adds', () => {
  test('is begun by a page that sends the browser on, guarded as every page, and signs in as the same user from then on', async () => {
    await start()
    const jar = await signedInBrowser(context, 'google')
    const me = (await sessionOf(jar)).user
    const page = await jar.fetch('/account/identities', linkForm('entra', await tokenOn(jar)))
    expect(page.status).toBe(200)
    expect(page.headers.get('content-security-policy')).toContain("frame-ancestors 'none'")
    expect(page.headers.get('cache-control')).toBe('no-store')
    const text = await page.text()
    expect(text).toContain('On to Microsoft')
    expect(text).not.toMatch(/<script(?![^>]*\bsrc=)|<style|\son\w+=/i)
    await link(jar, 'entra')
    expect((await sessionOf(jar)).user).toEqual(me)
    for (const provider of ['google', 'entra'] as const) {
      expect((await validate(await keyAt(provider))).user.id).toBe(me.id)
      expect((await sessionOf(await signedInBrowser(context, provider))).user).toEqual(me)
    }
    const { identities } = await theUser()
    expect(identities.map(({ provider, email }: any) => [provider, email])).toEqual([
      ['google', 'alice@example.com'],
      ['entra', 'alice@work.test'],
    ])
    expect(await auditOf(context, 'identity.linked')).toMatchObject([
      { actor: `user:${me.id}`, target: `user:${me.id}`, facts: { provider: 'entra', identities: 2 } },
    ])
  })

  test('mints no key and starts no session: the value of the cookie stays as it was', async () => {
    await start()
    const jar = await signedInBrowser(context, 'google')
    const before = jar.cookies.get('__Host-keydesk')
    await link(jar, 'entra')
    expect(jar.cookies.get('__Host-keydesk')).toBe(before)
    expect([...jar.cookies.keys()]).toEqual(['__Host-keydesk'])
    expect((await inventory(context)).keys).toEqual([])
  })

  test('does not take the profile over, by being added or by signing in, whatever its claims become', async () => {
    await start()
    await linkedAlice()
    const { email, name, picture } = await theUser()
    expect([email, name]).toEqual(['alice@example.com', 'Alice Example'])
    Object.assign(context.entra.account, {
      email: 'alice.new@work.test',
      name: 'Somebody Else',
      picture: 'https://p.test/else.png',
    })
    await keyAt('entra')
    expect(await theUser()).toMatchObject({ email, name, picture })
    const google = context.standIn.accounts.find((account) => account.email === email)
    Object.assign(google ?? {}, { name: 'Alice Married' })
    await keyAt('google')
    expect(await theUser()).toMatchObject({ email, name: 'Alice Married' })
  })

  test('with the same address as the first does not take turns with it over name and picture', async () => {
    await start()
    Object.assign(context.entra.account, { email: 'alice@example.com', name: 'A. Example (Work)' })
    await linkedAlice()
    for (const provider of ['entra', 'google', 'entra'] as const) {
      await keyAt(provider)
      expect((await theUser()).name).toBe('Alice Example')
    }
    expect(await auditOf(context, 'user.updated')).toEqual([])
  })

  test('may be the third and the fourth, one after the other or in one browser at once, and each signs in', async () => {
    await start()
    const jar = await signedInBrowser(context, 'entra')
    const attempts = [await beginLink(jar, 'google'), await beginLink(jar, 'key-cloak')]
    for (const begun of attempts.reverse())
      expect((await jar.fetch(await callbackAt(context, begun))).status).toBe(303)
    const ids = new Set()
    for (const provider of ['google', 'entra', 'key-cloak'] as const)
      ids.add((await validate(await keyAt(provider))).user.id)
    expect(ids.size).toBe(1)
  })

  test('is added once: doing it again changes nothing but the time', async () => {
    await start()
    const jar = await linkedAlice()
    await link(jar, 'entra')
    expect((await theUser()).identities).toHaveLength(2)
    expect(await auditOf(context, 'identity.linked')).toHaveLength(1)
  })

  test('works with an Origin in the place of Sec-Fetch-Site, as older browsers send it', async () => {
    await start()
    const jar = await signedInBrowser(context, 'google')
    const { body } = linkForm('entra', await tokenOn(jar))
    const headers = { origin: context.gateway.url }
    const response = await jar.fetch('/account/identities', { method: 'POST', headers, body: body ?? null })
    expect(response.status).toBe(200)
  })

  test('keeps the person in where the first one is no longer covered, and the other way round', async () => {
    const covered = 'alice@example.com,entra:alice@work.test'
    await start({ ALLOWED_EMAILS: covered })
    const jar = await linkedAlice()
    const keys = [await keyAt('google'), await keyAt('entra')]
    for (const left of covered.split(',')) {
      await context.gateway.restart({ ALLOWED_EMAILS: left })
      for (const key of keys) expect((await validate(key)).valid).toBe(true)
      expect((await sessionOf(jar)).user.email).toBe('alice@example.com')
    }
    await context.gateway.restart({ ALLOWED_EMAILS: 'nobody@example.com' })
    for (const key of keys) expect((await validate(key)).code).toBe('owner_not_allowed')
  })

  test.each(['alice@example.com', 'google:alice@example.com', 'entra:alice@work.test'])(
    'falls with the other when one is denied (%s): sign-in by either is refused, and keys and sessions end',
    async (rule) => {
      await start()
      const jar = await linkedAlice()
      const keys = [await keyAt('google'), await keyAt('entra')]
      await context.gateway.restart({ DENIED_EMAILS: rule })
      const refused = { status: 403, code: 'not_allowed', reason: 'denied' }
      for (const provider of ['google', 'entra'] as const) {
        const { event } = await expectRefused(context, refused, (headers) =>
          signInAt(context, provider, { headers }),
        )
        expect(event.facts.provider).toBe(provider)
      }
      for (const key of keys) expect((await validate(key)).code).toBe('owner_not_allowed')
      expect((await sessionOf(jar)).code).toBe('owner_not_allowed')
    },
  )

  test('falls with its user: who is disabled gets in by neither', async () => {
    await start()
    await linkedAlice()
    const { id } = await theUser()
    const change = await context.gateway.asAdmin(`/admin/users/${id}`, {
      method: 'PATCH',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ status: 'disabled' }),
    })
    expect(change.status).toBe(200)
    const refused = { status: 403, code: 'not_allowed', reason: 'user_disabled' }
    for (const provider of ['google', 'entra'] as const)
      await expectRefused(context, refused, (headers) => signInAt(context, provider, { headers }))
  })

  test('takes its address: nobody else signs up with it at any provider, and it may not become that of another', async () => {
    await start()
    await linkedAlice()
    context.keycloak.account.email = 'alice@work.test'
    const taken = { status: 403, code: 'not_allowed', reason: 'email_of_another_user' }
    await expectRefused(context, taken, (headers) => signInAt(context, 'key-cloak', { headers }))
    const bob = createCookieJar(context.gateway)
    context.keycloak.account.email = 'bob@lab.test'
    expect((await signInAt(context, 'key-cloak', { jar: bob })).status).toBe(200)
    context.entra.account.email = 'bob@lab.test'
    await expectRefused(context, taken, (headers) => signInAt(context, 'entra', { headers }))
  })
})
