import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { newOnce, tokenOn } from '../../support/account-forms.ts'
import { keyTextOn } from '../../support/browser-like.ts'
import { json } from '../../support/json.ts'
import { request } from '../admin/people-context.ts'
import {
  type AccountContext,
  everything,
  formRequest,
  keyFields,
  madeOn,
  makeKey,
  mintFor,
  type Person,
  patchUser,
  sendForm,
  startAccounts,
  verdictOf,
} from './account-context.ts'

const hourMs = 3_600_000

describe('on the page of a key of one’s own', () => {
  let context: AccountContext
  let alice: Person
  const shiftMs = 0
  beforeAll(async () => {
    context = await startAccounts(
      { SELF_SERVICE_KEYS_MAX: '50' },
      { now: () => new Date(Date.now() + shiftMs) },
    )
    alice = await context.person('alice@example.com')
  })
  afterAll(() => context.close())
  const keyOf = async (id: string) => json(await context.gateway.asAdmin(`/admin/keys/${id}`))
  const rotate = (id: string, once = newOnce(), person = alice) =>
    sendForm(person.jar, `/account/keys/${id}/rotate`, { once })

  test('rotating shows the successor once, says what becomes of the old one, and both work', async () => {
    const old = await makeKey(alice, { scopes: 'reports:read', lifetime: '30' })
    const response = await rotate(old.id)
    expect(response.status).toBe(200)
    expect(response.headers.get('cache-control')).toBe('no-store')
    const page = await response.text()
    const successor = madeOn(page, response.status)
    expect(page).toContain('What happens to the old key')
    expect(page).toContain(`href="/account/keys/${old.id}"`)
    for (const { keyText } of [old, successor])
      expect(await verdictOf(context.gateway, keyText)).toBe('valid')
    expect(await keyOf(successor.id)).toMatchObject({
      user_id: alice.id,
      scopes: ['reports:read'],
      predecessor_id: old.id,
      created_by: `user:${alice.id}`,
    })
    expect(await keyOf(old.id)).toMatchObject({
      status: 'retiring',
      successor_id: successor.id,
      quiet_seconds: 86_400,
    })
    const retiresAt = Date.parse((await keyOf(old.id)).retires_at)
    expect(Math.abs(retiresAt - Date.now() - 30 * 24 * hourMs)).toBeLessThan(hourMs)
  })

  test('puts off no end that an admin has set: of a key that an admin made, or whose expiry an admin changed', async () => {
    const soon = new Date(Date.now() + hourMs).toISOString()
    const cut = await makeKey(alice, { name: 'cut', lifetime: '365' })
    const change = request('PATCH', { expires_at: soon })
    expect((await context.gateway.asAdmin(`/admin/keys/${cut.id}`, change)).status).toBe(200)
    const given = await mintFor(context.gateway, alice.id, { name: 'given', expires_at: soon })
    for (const id of [cut.id, given.id]) {
      const first = madeOn(await (await rotate(id)).text(), 200)
      expect((await keyOf(first.id)).expires_at).toBe(soon)
      await sendForm(alice.jar, `/account/keys/${id}/revoke`, {})
      const second = madeOn(await (await rotate(first.id)).text(), 200)
      expect((await keyOf(second.id)).expires_at).toBe(soon)
    }
    const own = await makeKey(alice, { name: 'own', lifetime: '30' })
    const renewed = madeOn(await (await rotate(own.id)).text(), 200)
    expect(Date.parse((await keyOf(renewed.id)).expires_at)).toBeGreaterThanOrEqual(
      Date.parse((await keyOf(own.id)).expires_at),
    )
  })

  test('both show the link, and who still uses the old one', async () => {
    const old = await makeKey(alice, { name: 'linked' })
    const successor = madeOn(await (await rotate(old.id)).text(), 200)
    await context.gateway.database.change(
      'INSERT INTO key_usage (key_id, last_used_at, request_count, last_address, last_user_agent) VALUES (?, (SELECT created_at FROM api_keys LIMIT 1), 1, ?, ?)',
      old.id,
      '203.0.113.9',
      'forgotten-cron/1.0',
    )
    const pageOf = async (id: string) => (await alice.jar.fetch(`/account/keys/${id}`)).text()
    for (const [page, other] of [
      [await pageOf(old.id), successor.id],
      [await pageOf(successor.id), old.id],
    ] as const) {
      expect(page).toContain(`href="/account/keys/${other}"`)
      expect(page).toContain('203.0.113.9')
      expect(page).toContain('forgotten-cron/1.0')
    }
    expect(await pageOf(old.id)).toContain('Retire now')
    expect(await pageOf(successor.id)).not.toContain('/rotate')
  })

  test('the same form sent again, also twice at once, makes one successor and shows its text once', async () => {
    const old = await makeKey(alice)
    const fields = { csrf_token: await tokenOn(alice.jar), once: newOnce() }
    const send = () => alice.jar.fetch(`/account/keys/${old.id}/rotate`, formRequest(fields))
    const answers = await Promise.all([send(), send()])
    answers.push(await send())
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200])
    const pages = await Promise.all(answers.map((answer) => answer.text()))
    expect(pages.filter((page) => keyTextOn(page) !== null)).toHaveLength(1)
    expect(pages[2]).toContain('This key was shown already')
    const successors = await context.gateway.database.rows(
      'SELECT id FROM api_keys WHERE predecessor_id = ?',
      old.id,
    )
    expect(successors).toHaveLength(1)
    // Another form is another wish, and the key is retiring already.
    expect((await rotate(old.id)).status).toBe(409)
  })

  test('retiring now ends the old one at the next request, and leaves the new one', async () => {
    const old = await makeKey(alice)
    const successor = madeOn(await (await rotate(old.id)).text(), 200)
    const retired = await sendForm(alice.jar, `/account/keys/${old.id}/retire`)
    expect([retired.status, retired.headers.get('location')]).toEqual([
      303,
      `/account/keys/${old.id}?done=retired`,
    ])
    expect(await verdictOf(context.gateway, old.keyText)).toBe('revoked_key')
    expect(await verdictOf(context.gateway, successor.keyText)).toBe('valid')
    expect((await sendForm(alice.jar, `/account/keys/${old.id}/retire`)).status).toBe(409)
    expect((await sendForm(alice.jar, `/account/keys/${successor.id}/retire`)).status).toBe(409)
  })

  test('revoking ends a key at the next request, for good; doing it again changes nothing', async () => {
    const { id, keyText } = await makeKey(alice)
    for (let times = 0; times < 2; times += 1) {
      const revoked = await sendForm(alice.jar, `/account/keys/${id}/revoke`)
      expect([revoked.status, revoked.headers.get('location')]).toEqual([
        303,
        `/account/keys/${id}?done=revoked`,
      ])
      expect(await verdictOf(context.gateway, keyText)).toBe('revoked_key')
    }
    expect((await rotate(id)).status).toBe(409)
    const page = await (await alice.jar.fetch(`/account/keys/${id}?done=revoked`)).text()
    expect(page).toContain('A revoked key never works again')
    expect(page).not.toMatch(/\/(rotate|revoke|retire)"/)
    const { data } = await json(
      await context.gateway.asAdmin(`/admin/audit?action=key.revoked&target=key:${id}`),
    )
    expect(data.map(({ actor }: { actor: string }) => actor)).toEqual([`user:${alice.id}`])
  })

  test('a chain has two at work at most: rotating is no way around the number of keys', async () => {
    const first = await makeKey(alice)
    const second = madeOn(await (await rotate(first.id)).text(), 200)
    const refused = await rotate(second.id)
    expect(refused.status).toBe(409)
    expect(await refused.text()).toContain(`${first.id}, still works. Retire that one first.`)
    await sendForm(alice.jar, `/account/keys/${first.id}/retire`)
    expect((await rotate(second.id)).status).toBe(200)
  })

  test('whoever lost the text of a successor revokes it, and rotates the old one again', async () => {
    const old = await makeKey(alice)
    const lost = madeOn(await (await rotate(old.id)).text(), 200)
    await sendForm(alice.jar, `/account/keys/${lost.id}/revoke`)
    const page = await (await alice.jar.fetch(`/account/keys/${old.id}`)).text()
    expect(page).toContain(`action="/account/keys/${old.id}/rotate"`)
    expect(page).not.toContain('Retire now')
    const next = madeOn(await (await rotate(old.id)).text(), 200)
    for (const { keyText } of [old, next]) expect(await verdictOf(context.gateway, keyText)).toBe('valid')
  })

  test('an expired key is not rotated, and can still be revoked', async () => {
    const { id } = await makeKey(alice, { lifetime: '7' })
    await context.gateway.database.change('UPDATE api_keys SET expires_at = created_at WHERE id = ?', id)
    expect((await rotate(id)).status).toBe(409)
    expect(await (await alice.jar.fetch(`/account/keys/${id}`)).text()).not.toContain('/rotate"')
    expect((await sendForm(alice.jar, `/account/keys/${id}/revoke`)).status).toBe(303)
  })

  test('keys made by sign-in or by an admin are rotated too, with what they carry', async () => {
    const minted = await mintFor(context.gateway, alice.id, {
      scopes: ['builds:deploy'],
      metadata: { team: 'x' },
    })
    const successor = madeOn(await (await rotate(minted.id)).text(), 200)
    expect(await keyOf(successor.id)).toMatchObject({
      scopes: ['builds:deploy'],
      metadata: { team: 'x' },
      created_through: 'admin',
    })
  })

  test('a member gets no right on Keydesk by rotating: a key that carries one is refused', async () => {
    // First, so that there is another admin.
    const ada = await context.person('ada@example.com')
    const minted = await mintFor(context.gateway, alice.id, { scopes: ['keydesk:introspect'] })
    await patchUser(context.gateway, alice.id, { role: 'admin' })
    const admins = await mintFor(context.gateway, alice.id, { scopes: ['keydesk:admin'] })
    await patchUser(context.gateway, alice.id, { role: 'member' })
    const before = await everything(context.gateway)
    for (const { id } of [minted, admins]) {
      const refused = await rotate(id)
      expect([refused.status, await refused.text()]).toEqual([
        409,
        expect.stringContaining('only administrators'),
      ])
    }
    expect(await everything(context.gateway)).toEqual(before)
    const own = await mintFor(context.gateway, ada.id, { scopes: ['keydesk:keys.read'] })
    expect((await rotate(own.id, newOnce(), ada)).status).toBe(200)
  })

  test('scopes beyond the owner’s limit are shown as such, and not as what the key may do', async () => {
    const { id } = await makeKey(alice, { scopes: ['reports:read', 'reports:write'] })
    await patchUser(context.gateway, alice.id, { scope_limit: ['reports:read'] })
    const page = await (await alice.jar.fetch(`/account/keys/${id}`)).text()
    expect(page).toMatch(/<dt>Scopes<\/dt><dd><code>reports:read<\/code>/)
    expect(page).toMatch(/beyond your limit.*<code>reports:write<\/code>/)
    await patchUser(context.gateway, alice.id, { scope_limit: null })
  })

  test('lists live keys first, pages them, and shows expired and revoked ones by the query', async () => {
    const ada = await context.person('ada@example.com')
    await context.gateway.database.change(
      'UPDATE api_keys SET revoked_at = created_at WHERE user_id = ?',
      ada.id,
    )
    for (let n = 0; n < 17; n += 1) await makeKey(ada, { name: `key-${n}` })
    const read = async (query = '') => (await ada.jar.fetch(`/account/keys${query}`)).text()
    const first = await read()
    expect(first.match(/>key-\d+</g)).toHaveLength(15)
    expect(Buffer.byteLength(first)).toBeLessThan(30_000)
    const next = /rel="next" href="([^"]+)"/.exec(first)?.[1]?.replaceAll('&amp;', '&') ?? ''
    expect((await (await ada.jar.fetch(next)).text()).match(/>key-\d+</g)?.length).toBeGreaterThanOrEqual(2)
    await context.gateway.database.change(
      "UPDATE api_keys SET revoked_at = created_at WHERE name IN ('key-0', 'key-1', 'key-2')",
    )
    await context.gateway.database.change("UPDATE api_keys SET expires_at = created_at WHERE name = 'key-3'")
    expect((await read('?show=revoked')).match(/>key-[0-2]</g)).toHaveLength(3)
    expect((await read('?show=expired')).match(/>key-\d+</g)).toEqual(['>key-3<'])
    expect(await read()).not.toMatch(/>key-[0-3]</)
    // Alice's are in none of them.
    expect(await read()).not.toContain('linked')
  })

  test('the data of a person hold their own, and no secret', async () => {
    const ada = await context.person('ada@example.com')
    const { id } = await makeKey(ada, { name: 'mine' })
    const response = await ada.jar.fetch('/account/data.json')
    expect(response.headers.get('content-disposition')).toContain('attachment')
    const text = await response.clone().text()
    const data = await json(response)
    expect(data.user).toMatchObject({ id: ada.id, email: 'ada@example.com', role: 'admin' })
    expect(data.identities).toHaveLength(1)
    expect(data.keys[0]).toMatchObject({
      id,
      name: 'mine',
      status: 'active',
      created_through: 'self-service',
    })
    expect(data.has_more_keys).toBe(false)
    expect(text).not.toMatch(/alice|secret|hash|argon2/i)
    const owned = await context.gateway.database.rows('SELECT id FROM api_keys WHERE user_id = ?', ada.id)
    expect(data.keys).toHaveLength(owned.length)
  })

  test('making one while the form of another is open is fine: fields are of one form alone', async () => {
    const { id } = await makeKey(alice)
    for (const fields of [
      keyFields(),
      { once: newOnce(), quiet_seconds: '1' },
      { once: newOnce(), user_id: 'x' },
    ])
      expect((await sendForm(alice.jar, `/account/keys/${id}/rotate`, fields)).status).toBe(400)
    for (const path of ['retire', 'revoke'])
      expect((await sendForm(alice.jar, `/account/keys/${id}/${path}`, { reason: 'x' })).status).toBe(400)
  })
})
