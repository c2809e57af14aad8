import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { newOnce, tokenOn } from '../../support/account-forms.ts'
import { keyTextOn } from '../../support/browser-like.ts'
import { json } from '../../support/json.ts'
import {
  type AccountContext,
  formRequest,
  keyFields,
  makeKey,
  mintFor,
  patchUser,
  sendForm,
  startAccounts,
  verdictOf,
} from './account-context.ts'

const dayMs = 86_400_000

describe('a key that somebody makes on the account page', () => {
  let context: AccountContext
  beforeAll(async () => {
    context = await startAccounts()
  })
  afterAll(() => context.close())
  const keyOf = async (id: string) => json(await context.gateway.asAdmin(`/admin/keys/${id}`))
  async function revokeAllOf(userId: string) {
    await context.gateway.database.change(
      'UPDATE api_keys SET revoked_at = created_at WHERE user_id = ? AND revoked_at IS NULL',
      userId,
    )
  }

  test('is theirs, works at once, carries what was chosen, and is in the audit trail', async () => {
    const alice = await context.person('alice@example.com')
    const response = await sendForm(
      alice.jar,
      '/account/keys',
      keyFields({ name: '  CI of the café ', lifetime: '30', scopes: 'reports:read' }),
    )
    expect(response.status).toBe(200)
    expect(response.headers.get('cache-control')).toBe('no-store')
    const page = await response.text()
    const keyText = keyTextOn(page) ?? ''
    expect(await verdictOf(context.gateway, keyText)).toBe('valid')
    const key = await keyOf(keyText.slice(3, 15))
    expect(key).toMatchObject({
      name: 'CI of the café',
      user_id: alice.id,
      scopes: ['reports:read'],
      created_through: 'self-service',
      created_by: `user:${alice.id}`,
      status: 'active',
    })
    expect(Date.parse(key.expires_at) - Date.parse(key.created_at)).toBe(30 * dayMs)
    const { data } = await json(await context.gateway.asAdmin('/admin/audit?action=key.minted'))
    expect(data[0]).toMatchObject({ actor: `user:${alice.id}`, target: `key:${key.id}` })
    expect(JSON.stringify(data)).not.toContain(keyText.slice(16))
    await revokeAllOf(alice.id)
  })

  test('is shown once: the same form sent again, also twice at once, makes no other and shows no text', async () => {
    const alice = await context.person('alice@example.com')
    const fields = { csrf_token: await tokenOn(alice.jar), ...keyFields({ name: 'once only' }) }
    const send = () => alice.jar.fetch('/account/keys', formRequest(fields))
    const pages = await Promise.all((await Promise.all([send(), send()])).map((answer) => answer.text()))
    pages.push(await (await send()).text())
    expect(pages.filter((page) => keyTextOn(page) !== null)).toHaveLength(1)
    expect(pages[2]).toContain('This key was shown already')
    expect(pages[2]).toContain('once only')
    const rows = await context.gateway.database.rows("SELECT id FROM api_keys WHERE name = 'once only'")
    expect(rows).toHaveLength(1)
    await revokeAllOf(alice.id)
  })

  test('is still told of when the form is sent again with the last room gone', async () => {
    const alice = await context.person('alice@example.com')
    const fields = { csrf_token: await tokenOn(alice.jar), ...keyFields() }
    await makeKey(alice)
    await makeKey(alice)
    expect((await alice.jar.fetch('/account/keys', formRequest(fields))).status).toBe(200)
    const again = await alice.jar.fetch('/account/keys', formRequest(fields))
    expect([again.status, await again.text()]).toEqual([200, expect.stringContaining('shown already')])
    await revokeAllOf(alice.id)
  })

  test('has a lifetime out of the list, and no other: none is for ever', async () => {
    const alice = await context.person('alice@example.com')
    for (const lifetime of [
      '0',
      '-1',
      '1',
      '91',
      '366',
      '1e9',
      'never',
      '',
      '30.0',
      ' 30',
      '9007199254740993',
    ]) {
      const response = await sendForm(alice.jar, '/account/keys', keyFields({ lifetime }))
      expect({ lifetime, status: response.status }).toEqual({ lifetime, status: 400 })
      expect(await response.text()).toContain('lifetime')
    }
    for (const fields of [keyFields({ lifetime: ['7', '7'] }), { once: newOnce(), name: 'x' }])
      expect((await sendForm(alice.jar, '/account/keys', fields)).status).toBe(400)
    expect(await context.gateway.database.rows('SELECT id FROM api_keys WHERE revoked_at IS NULL')).toEqual(
      [],
    )
  })

  test('carries no scope but those on offer, within the limit of its owner, and never a right on Keydesk', async () => {
    const alice = await context.person('alice@example.com')
    const refused = async (scopes: string | string[]) => {
      const response = await sendForm(alice.jar, '/account/keys', keyFields({ scopes }))
      expect({ scopes, status: response.status }).toEqual({ scopes, status: 400 })
      return response.text()
    }
    for (const scopes of [
      'keydesk:admin',
      'keydesk:introspect',
      'other:scope',
      '*',
      '',
      ['reports:read', 'x:y'],
    ])
      expect(await refused(scopes)).toContain('scopes')
    expect(await (await alice.jar.fetch('/account/keys/new')).text()).toContain('value="reports:write"')
    await patchUser(context.gateway, alice.id, { scope_limit: ['reports:read', 'keydesk:admin'] })
    const form = await (await alice.jar.fetch('/account/keys/new')).text()
    expect(form).toContain('value="reports:read"')
    expect(form).not.toMatch(/value="(reports:write|keydesk:)/)
    await refused('reports:write')
    await refused('keydesk:admin')
    const { id } = await makeKey(alice, { scopes: ['reports:read', 'reports:read'] })
    expect((await keyOf(id)).scopes).toEqual(['reports:read'])
    await patchUser(context.gateway, alice.id, { scope_limit: null })
    await revokeAllOf(alice.id)
  })

  test('is one of a few: past the most a page says so, and a revoked or expired one makes room', async () => {
    const alice = await context.person('alice@example.com')
    // Made in another way, they do not count.
    await mintFor(context.gateway, alice.id)
    const keys = [await makeKey(alice), await makeKey(alice), await makeKey(alice)]
    const full = await sendForm(alice.jar, '/account/keys', keyFields({ name: 'too many' }))
    expect(full.status).toBe(409)
    const page = await full.text()
    expect(page).toContain('You already have 3 live keys')
    expect(page).toContain('value="too many"')
    await sendForm(alice.jar, `/account/keys/${keys[0]?.id}/revoke`)
    const more = await makeKey(alice)
    await context.gateway.database.change('UPDATE api_keys SET expires_at = created_at WHERE id = ?', more.id)
    await makeKey(alice)
    await revokeAllOf(alice.id)
  })

  test('keeps to the number when several are asked for at once', async () => {
    const alice = await context.person('alice@example.com')
    const token = await tokenOn(alice.jar)
    const asked = Array.from({ length: 8 }, () =>
      alice.jar.fetch('/account/keys', formRequest({ csrf_token: token, ...keyFields({ name: 'race' }) })),
    )
    const statuses = (await Promise.all(asked)).map(({ status }) => status).sort()
    expect(statuses).toEqual([200, 200, 200, 409, 409, 409, 409, 409])
    const rows = await context.gateway.database.rows(
      "SELECT id FROM api_keys WHERE name = 'race' AND revoked_at IS NULL",
    )
    expect(rows).toHaveLength(3)
    await revokeAllOf(alice.id)
  })

  test('names no owner and nothing that is ours to say: each such field is 400, named, and changes nothing', async () => {
    const alice = await context.person('alice@example.com')
    const ada = await context.person('ada@example.com')
    const before = await context.gateway.database.rows('SELECT id FROM api_keys')
    for (const [name, value] of Object.entries({
      user_id: ada.id,
      userId: ada.id,
      owner: ada.id,
      role: 'admin',
      expires_at: '2099-01-01T00:00:00Z',
      created_through: 'admin',
      createdAt: '2020-01-01T00:00:00Z',
      rate_limit: '1',
      metadata: '{}',
      'scopes[]': 'keydesk:admin',
      ['__proto__']: 'x',
      constructor: 'x',
    })) {
      const response = await sendForm(alice.jar, '/account/keys', { ...keyFields(), [name]: value })
      expect({ name, status: response.status }).toEqual({ name, status: 400 })
      expect(await response.text()).toContain(name)
    }
    expect(await context.gateway.database.rows('SELECT id FROM api_keys')).toEqual(before)
  })

  test('needs a name that can be shown', async () => {
    const alice = await context.person('alice@example.com')
    for (const name of ['', '   ', 'x'.repeat(101), 'a\nb', 'a\u0000b', ['a', 'b']]) {
      const response = await sendForm(alice.jar, '/account/keys', keyFields({ name }))
      expect({ name, status: response.status }).toEqual({ name, status: 400 })
    }
    for (const once of ['', 'short', 'x'.repeat(21), '../../../../../../..'])
      expect((await sendForm(alice.jar, '/account/keys', keyFields({ once }))).status).toBe(400)
  })
})

test('SELF_SERVICE_KEYS_MAX=0: there is no form, and whoever sends one all the same gets no key', async () => {
  const context = await startAccounts({ SELF_SERVICE_KEYS_MAX: '0' })
  try {
    const alice = await context.person('alice@example.com')
    expect(await (await alice.jar.fetch('/account/keys')).text()).not.toContain('/account/keys/new')
    expect(await (await alice.jar.fetch('/account')).text()).not.toContain('/account/keys/new')
    expect((await alice.jar.fetch('/account/keys/new')).status).toBe(404)
    // A second session, so that there is a form with a token.
    await context.person('alice@example.com')
    const fields = { csrf_token: await tokenOn(alice.jar, '/account'), ...keyFields() }
    expect((await alice.jar.fetch('/account/keys', formRequest(fields))).status).toBe(403)
    expect(await context.gateway.database.rows('SELECT id FROM api_keys')).toEqual([])
  } finally {
    await context.close()
  }
})
