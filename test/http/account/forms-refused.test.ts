import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { newOnce, tokenOn } from '../../support/account-forms.ts'
import { json } from '../../support/json.ts'
import {
  type AccountContext,
  everything,
  formRequest,
  keyFields,
  makeKey,
  type Person,
  sendForm,
  startAccounts,
} from './account-context.ts'

describe('the forms of an account', () => {
  let context: AccountContext
  let alice: Person
  let ada: Person
  let forms: [string, Record<string, string | readonly string[]>][]
  beforeAll(async () => {
    context = await startAccounts({ SELF_SERVICE_KEYS_MAX: '50' })
    ada = await context.person('ada@example.com')
  })
  beforeEach(async () => {
    alice = await context.person('alice@example.com')
    const { id } = await makeKey(alice)
    const retiring = await makeKey(alice)
    await sendForm(alice.jar, `/account/keys/${retiring.id}/rotate`, { once: newOnce() })
    const other = await context.person('alice@example.com')
    const { session } = await json(await other.jar.fetch('/auth/session'))
    forms = [
      ['/account/keys', keyFields()],
      [`/account/keys/${id}/rotate`, { once: newOnce() }],
      [`/account/keys/${id}/revoke`, {}],
      [`/account/keys/${retiring.id}/retire`, {}],
      [`/account/sessions/${session.id}/end`, {}],
      ['/account/identities', { provider: 'google' }],
    ]
  })
  afterAll(() => context.close())

  /** Sends each form in a way that must not do; holds that it is refused in this way, and that nothing changes. */
  async function expectRefusals(
    status: number,
    code: string,
    send: (path: string, fields: Record<string, string | readonly string[]>) => Promise<Response>,
  ) {
    const before = await everything(context.gateway)
    for (const [path, fields] of forms) {
      const response = await send(path, fields)
      expect({ path, status: response.status }).toEqual({ path, status })
      expect((await json(response)).code).toBe(code)
      expect(response.headers.getSetCookie()).toEqual([])
    }
    expect(await everything(context.gateway)).toEqual(before)
  }
  const plain = { accept: 'application/json' }

  test('are taken with the token of their own session alone: none, a foreign or a former one, twice, and cut is 403', async () => {
    const own = await tokenOn(alice.jar)
    const [salt, mac] = own.split('.')
    const sameUser = await context.person('alice@example.com')
    for (const token of [
      undefined,
      '',
      'x',
      '.',
      await tokenOn(ada.jar),
      await tokenOn(sameUser.jar),
      `${salt}.`,
      `.${mac}`,
      `${own}x`,
      own.slice(0, -1),
      `${own}.${mac}`,
      `A${own.slice(1)}`,
      [own, own],
    ])
      await expectRefusals(403, 'forbidden', (path, fields) =>
        alice.jar.fetch(
          path,
          formRequest({ ...(token === undefined ? {} : { csrf_token: token }), ...fields }, plain),
        ),
      )
  })

  test('are refused with 403 when another site, a sibling, or nobody says where they come from', async () => {
    const token = await tokenOn(alice.jar)
    for (const headers of [
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
      { 'sec-fetch-site': 'none' },
      { 'sec-fetch-site': 'same-origin', origin: 'https://evil.test' },
      { 'sec-fetch-site': '' },
    ] as Record<string, string>[])
      await expectRefusals(403, 'forbidden', (path, fields) =>
        alice.jar.fetch(path, formRequest({ csrf_token: token, ...fields }, { ...plain, ...headers })),
      )
    await expectRefusals(403, 'forbidden', (path, fields) => {
      const { body } = formRequest({ csrf_token: token, ...fields })
      return alice.jar.fetch(path, { method: 'POST', headers: plain, body: body ?? null })
    })
  })

  test('take no key and no Authorization beside the session: 401, and none alone', async () => {
    const token = await tokenOn(ada.jar)
    const { keyText } = await makeKey(ada)
    const cookie = ada.cookie
    const credentials: Record<string, string>[] = [
      { 'x-api-key': keyText },
      { 'x-api-key': '' },
      { authorization: `Bearer ${keyText}` },
      { authorization: `Bearer ${context.gateway.masterKey}` },
      { authorization: 'Basic eDp5' },
    ]
    for (const credential of credentials) {
      for (const own of [{ cookie }, {}] as Record<string, string>[]) {
        const headers = { ...plain, ...own, ...credential }
        await expectRefusals(401, 'unauthenticated', (path, fields) =>
          context.gateway.fetch(path, formRequest({ csrf_token: token, ...fields }, headers)),
        )
        for (const path of ['/account', '/account/keys', '/account/keys/new', '/account/data.json'])
          expect((await context.gateway.fetch(path, { headers })).status).toBe(401)
      }
    }
  })

  test('are nobody’s without a session: a form is 401, a page leads to sign in and back to it', async () => {
    await expectRefusals(401, 'unauthenticated', (path, fields) =>
      context.gateway.fetch(path, formRequest({ csrf_token: 'x', ...fields }, plain)),
    )
    for (const path of [
      '/account',
      '/account/keys?show=revoked',
      '/account/keys/new',
      '/account/data.json',
    ]) {
      const response = await context.gateway.fetch(path, { headers: { accept: 'text/html' } })
      expect([response.status, response.headers.get('location')]).toEqual([
        303,
        `/auth/login?return_to=${encodeURIComponent(path)}`,
      ])
    }
  })

  test('do nothing for who was disabled, in the same session: 401', async () => {
    const token = await tokenOn(alice.jar)
    const set = (status: string) =>
      context.gateway.database.change('UPDATE users SET status = ? WHERE id = ?', status, alice.id)
    await set('disabled')
    await expectRefusals(401, 'user_disabled', (path, fields) =>
      alice.jar.fetch(path, formRequest({ csrf_token: token, ...fields }, plain)),
    )
    expect((await alice.jar.fetch('/account/keys', { headers: plain })).status).toBe(401)
    await set('active')
  })

  test('of another person are answered as what does not exist: the same 404 but for the request id', async () => {
    const theirs = await makeKey(ada)
    const retiring = await makeKey(ada)
    await sendForm(ada.jar, `/account/keys/${retiring.id}/rotate`, { once: newOnce() })
    const { session } = await json(await ada.jar.fetch('/auth/session'))
    const before = await everything(context.gateway)
    const token = await tokenOn(alice.jar)
    const answer = async (path: string, accept: string, init?: RequestInit) => {
      const response = await alice.jar.fetch(path, init ?? { headers: { accept } })
      const text = await response.text()
      const requestId = response.headers.get('x-request-id') ?? '-'
      return { status: response.status, text: text.replaceAll(requestId, '').replaceAll(path, '') }
    }
    for (const accept of ['application/json', 'text/html'])
      for (const [real, madeUp, path, fields] of [
        [theirs.id, 'NoSuchKey123', '/account/keys/ID', undefined],
        [theirs.id, 'NoSuchKey123', '/account/keys/ID/rotate', { once: newOnce() }],
        [theirs.id, 'NoSuchKey123', '/account/keys/ID/revoke', {}],
        [retiring.id, 'NoSuchKey123', '/account/keys/ID/retire', {}],
        [session.id, 'ses_made_up', '/account/sessions/ID/end', {}],
      ] as const) {
        const init =
          fields === undefined ? undefined : formRequest({ csrf_token: token, ...fields }, { accept })
        const [own, none] = [
          await answer(path.replace('ID', real), accept, init),
          await answer(path.replace('ID', madeUp), accept, init),
        ]
        expect(own.status, path).toBe(404)
        expect(own).toEqual(none)
        expect(own.text).not.toContain(real)
      }
    expect(await everything(context.gateway)).toEqual(before)
  })

  test('and pages take no query that they do not know: 400, naming it', async () => {
    const { id } = await makeKey(alice)
    for (const path of [
      '/account?x=1',
      '/account?done=unknown',
      '/account?done=signed-out&done=revoked',
      '/account/keys?x=1',
      '/account/keys?show=all',
      '/account/keys?cursor=nonsense',
      '/account/keys?user_id=x',
      '/account/keys/new?name=x',
      `/account/keys/${id}?x=1`,
      '/account/data.json?x=1',
    ])
      expect((await alice.jar.fetch(path)).status, path).toBe(400)
    const token = await tokenOn(alice.jar)
    await expectRefusals(400, 'invalid_request', (path, fields) =>
      alice.jar.fetch(`${path}?x=1`, formRequest({ csrf_token: token, ...fields }, plain)),
    )
  })

  test('are forms and small: JSON is 415, 100 kB is 413', async () => {
    const json = { ...plain, 'content-type': 'application/json', 'sec-fetch-site': 'same-origin' }
    await expectRefusals(415, 'unsupported_media_type', (path) =>
      alice.jar.fetch(path, { method: 'POST', headers: json, body: '{}' }),
    )
    await expectRefusals(413, 'too_large', (path, fields) =>
      alice.jar.fetch(path, formRequest({ ...fields, name: 'x'.repeat(100_000) }, plain)),
    )
  })
})
