import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { tokenOn } from '../../support/account-forms.ts'
import { auditOf, expectRefused } from '../../support/attack.ts'
import { type CookieJar, keyTextOn } from '../../support/browser-like.ts'
import { json } from '../../support/json.ts'
import {
  beginLink,
  callbackAt,
  linkForm,
  type SeveralProviders,
  sessionOf,
  signedInBrowser,
  signInAt,
  startSeveralProviders,
} from '../../support/several-providers.ts'

const minute = 60_000
const page = { accept: 'text/html' }

let context: SeveralProviders
let alice: CookieJar
let shiftMs: number
beforeEach(async () => {
  shiftMs = 0
  const now = () => new Date(Date.now() + shiftMs)
  context = await startSeveralProviders({ AUTH_RATE_LIMIT: 'off', SESSION_IDLE: '7d' }, { now })
  const seconds = (ahead: number) => Math.floor(now().getTime() / 1000) + ahead
  // The issuers' clock is the gateway's, also when the test moves that one.
  for (const issuer of [context.entra, context.keycloak])
    issuer.behaviour.idTokenClaims = (claims) => ({ ...claims, iat: seconds(0), exp: seconds(300) })
  knownAt('entra', 'at-work', 'alice@work.test')
  alice = await signedInBrowser(context, 'google')
})
afterEach(() => context.close())

function knownAt(provider: 'entra' | 'key-cloak', sub: string, email: string): void {
  Object.assign((provider === 'entra' ? context.entra : context.keycloak).account, { sub, email })
}

async function link(provider: 'entra' | 'key-cloak', headers: Record<string, string> = {}) {
  return alice.fetch(await callbackAt(context, await beginLink(alice, provider)), { headers })
}

const idOfAlice = async (): Promise<string> => (await sessionOf(alice)).user.id
const identitiesOf = async (id: string): Promise<any[]> =>
  (await json(await context.gateway.asAdmin(`/admin/users/${id}`))).identities

describe('a session that is older than twenty minutes', () => {
  test('is asked to sign in again before it adds an account, and the new one adds it', async () => {
    shiftMs = 21 * minute
    const answer = await alice.fetch('/account/identities', linkForm('entra', await tokenOn(alice), page))
    const text = await answer.text()
    expect(answer.status).toBe(403)
    expect(answer.headers.getSetCookie()).toEqual([])
    expect(context.entra.authorizeRequests).toHaveLength(0)
    const [, href] = /href="(\/auth\/login\?[^"]*)"/.exec(text) ?? []
    expect(new URL(href ?? '', context.gateway.url).searchParams.get('return_to')).toBe('/account')
    expect((await sessionOf(alice)).user.email).toBe('alice@example.com')

    shiftMs = 0
    alice = await signedInBrowser(context, 'google')
    expect((await link('entra')).status).toBe(303)
    expect(await identitiesOf(await idOfAlice())).toHaveLength(2)
  })

  test('says so to a program, too', async () => {
    shiftMs = 21 * minute
    const answer = await alice.fetch('/account/identities', linkForm('entra', await tokenOn(alice)))
    expect([answer.status, (await json(answer)).code]).toEqual([403, 'forbidden'])
  })

  test('adds nothing either when it grew that old on the way to the provider', async () => {
    shiftMs = 19 * minute
    const begun = await beginLink(alice, 'entra')
    shiftMs = 21 * minute
    const expected = { status: 403, code: 'forbidden', reason: 'session_not_recent' }
    const path = await callbackAt(context, begun)
    await expectRefused(context, expected, (headers) => alice.fetch(path, { headers }))
    expect(await identitiesOf(await idOfAlice())).toHaveLength(1)
  })

  test('is not made younger by its use', async () => {
    for (let minutes = 0; minutes <= 20; minutes += 5) {
      shiftMs = minutes * minute + 1000
      expect((await alice.fetch('/account')).status).toBe(200)
    }
    expect((await alice.fetch('/account/identities', linkForm('entra', await tokenOn(alice)))).status).toBe(
      403,
    )
  })
})

test('nobody signs in with more than ten accounts', async () => {
  for (let more = 1; more <= 9; more += 1) {
    knownAt('key-cloak', `alice-${more}`, `alice-${more}@lab.test`)
    expect((await link('key-cloak')).status).toBe(303)
  }
  knownAt('key-cloak', 'alice-10', 'alice-10@lab.test')
  const expected = { status: 409, code: 'conflict', reason: 'too_many_identities' }
  await expectRefused(context, expected, (headers) => link('key-cloak', headers))
  expect(await identitiesOf(await idOfAlice())).toHaveLength(10)
})

test('a session that ended between the beginning and the callback adds nothing', async () => {
  const cookie = alice.cookies.get('__Host-keydesk') ?? ''
  const id = await idOfAlice()
  const begun = await beginLink(alice, 'entra')
  const path = await callbackAt(context, begun)
  const ended = await context.gateway.asAdmin(`/admin/users/${id}/sessions`, { method: 'DELETE' })
  expect(ended.status).toBe(204)
  alice.cookies.set('__Host-keydesk', cookie)
  const expected = { status: 400, code: 'state_invalid', reason: 'other_session' }
  await expectRefused(context, expected, (headers) => alice.fetch(path, { headers }))
  expect(await identitiesOf(id)).toHaveLength(1)
})

describe('an admin takes a way to sign in away', () => {
  const remove = (id: string, identityId: string) =>
    context.gateway.asAdmin(`/admin/users/${id}/identities/${identityId}`, { method: 'DELETE' })

  test('which ends the sessions, is in the audit trail, and makes the account a stranger', async () => {
    await link('entra')
    const id = await idOfAlice()
    const other = await signedInBrowser(context, 'entra')
    const key = keyTextOn(await (await signInAt(context, 'google')).text()) ?? ''
    const identity = (await identitiesOf(id)).find(({ provider }) => provider === 'entra')
    expect((await remove(id, identity.id)).status).toBe(204)
    for (const jar of [alice, other]) expect((await sessionOf(jar)).code).toBe('unauthenticated')
    expect((await identitiesOf(id)).map(({ provider }) => provider)).toEqual(['google'])
    const events = await auditOf(context, 'identity.removed')
    expect(events).toMatchObject([
      {
        actor: 'master_key',
        target: `user:${id}`,
        facts: { identity_id: identity.id, provider: 'entra' },
        details: { email: 'alice@work.test' },
      },
    ])
    // The identity that is left carries the keys; who comes with the other is somebody else.
    const answer = await context.gateway.fetch('/v1/validate', { headers: { 'x-api-key': key } })
    expect(answer.status).toBe(200)
    expect((await sessionOf(await signedInBrowser(context, 'entra'))).user.id).not.toBe(id)
    expect((await sessionOf(await signedInBrowser(context, 'google'))).user.id).toBe(id)
  })

  test('but not the last one: 409, and nothing changes', async () => {
    const id = await idOfAlice()
    const [only] = await identitiesOf(id)
    const answer = await remove(id, only.id)
    expect([answer.status, (await json(answer)).code]).toEqual([409, 'conflict'])
    expect(await identitiesOf(id)).toEqual([only])
    expect((await sessionOf(alice)).user.id).toBe(id)
  })

  test('and of two that are taken at once one stays', async () => {
    await link('entra')
    const id = await idOfAlice()
    const both = await identitiesOf(id)
    const answers = await Promise.all(both.map((identity) => remove(id, identity.id)))
    expect(answers.map(({ status }) => status).sort()).toEqual([204, 409])
    expect(await identitiesOf(id)).toHaveLength(1)
  })

  test('which the user does not have, or of nobody: 404', async () => {
    await link('entra')
    const id = await idOfAlice()
    const otto = (await sessionOf(await signedInBrowser(context, 'google', 'otto@elsewhere.test'))).user.id
    const [ottos] = await identitiesOf(otto)
    const [own] = await identitiesOf(id)
    for (const [user, identity] of [
      [id, 'idn_nobody'],
      [id, ottos.id],
      ['usr_nobody', own.id],
    ])
      expect((await remove(user, identity)).status, `${user} ${identity}`).toBe(404)
    expect([(await identitiesOf(id)).length, (await identitiesOf(otto)).length]).toEqual([2, 1])
    expect(await auditOf(context, 'identity.removed')).toEqual([])
    expect((await sessionOf(alice)).user.id).toBe(id)
  })
})
