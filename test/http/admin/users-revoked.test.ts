import { afterEach, describe, expect, test } from 'vitest'
import { json } from '../../support/json.ts'
import { type PeopleContext, person, startPeople } from './people-context.ts'

const [ada, bob] = [person('ada'), person('bob')]
let context: PeopleContext
afterEach(() => context.close())

async function start() {
  context = await startPeople()
  const keys = [await context.keyOf(ada), await context.keyOf(ada), await context.keyOf(ada)]
  const browsers = [await context.browserOf(ada), await context.browserOf(ada)]
  const { id } = await context.userOf('ada@example.com')
  return { keys, browsers, id }
}
const revokeAll = (id: string) => context.send('POST', `/admin/users/${id}/revoke-everything`)
const keyIdOf = (key: string) => key.split('_')[1] ?? ''

describe('revoking everything', () => {
  test('ends every key and every session, counts them, and leaves an event for each key', async () => {
    const { keys, browsers, id } = await start()
    const bobsKey = await context.keyOf(bob)
    await context.done('DELETE', `/admin/keys/${keyIdOf(keys[0] ?? '')}`)
    const response = await revokeAll(id)
    expect(response.status).toBe(200)
    expect(await json(response)).toEqual({ keys_revoked: 2, sessions_ended: 2 })
    for (const key of keys) expect(await context.codeFor(key)).toBe('revoked_key')
    for (const jar of browsers) expect(await context.stateOf(jar)).toBe('unauthenticated')
    expect(await context.codeFor(bobsKey)).toBe('valid')
    const revoked = await context.audit('key.revoked')
    expect(revoked.map(({ target }) => target).sort()).toEqual(
      keys.map((key) => `key:${keyIdOf(key)}`).sort(),
    )
    for (const event of revoked) expect(event).toMatchObject({ actor: 'master_key', facts: { user_id: id } })
    expect(await context.audit('user.everything_revoked')).toMatchObject([
      { actor: 'master_key', target: `user:${id}`, facts: { keys_revoked: 2, sessions_ended: 2 } },
    ])
  })

  test('is final: neither disabling and enabling, nor a sign-in, nor a restart brings anything back', async () => {
    const { keys, browsers, id } = await start()
    await context.done('PATCH', `/admin/users/${id}`, { status: 'disabled' })
    await revokeAll(id)
    await context.done('PATCH', `/admin/users/${id}`, { status: 'active' })
    const fresh = await context.keyOf(ada)
    await context.gateway.restart()
    for (const key of keys) expect(await context.codeFor(key)).toBe('revoked_key')
    for (const jar of browsers) expect(await context.stateOf(jar)).toBe('unauthenticated')
    expect(await context.codeFor(fresh)).toBe('valid')
  })

  test('again finds nothing more, and says so', async () => {
    const { id } = await start()
    await revokeAll(id)
    expect(await json(await revokeAll(id))).toEqual({ keys_revoked: 0, sessions_ended: 0 })
    expect(await context.audit('key.revoked')).toHaveLength(3)
  })

  test('takes expired keys, too: a longer life would not bring them back', async () => {
    const { id } = await start()
    const minted = { user_id: id, name: 'short', expires_at: new Date(Date.now() + 3_600_000).toISOString() }
    const { key } = await context.done('POST', '/admin/keys', minted)
    await context.gateway.database.change(
      'UPDATE api_keys SET expires_at = ? WHERE id = ?',
      new Date(1),
      key.id,
    )
    expect(await json(await revokeAll(id))).toMatchObject({ keys_revoked: 4 })
    expect((await context.get(`/admin/keys/${key.id}`)).status).toBe('revoked')
  })

  test('while fifty verifications run ends as revoked', async () => {
    const { keys, id } = await start()
    const asking = Array.from({ length: 50 }, (_, index) => context.codeFor(keys[index % 3] ?? ''))
    const revoking = revokeAll(id)
    for (const code of await Promise.all(asking)) expect(['valid', 'revoked_key']).toContain(code)
    expect((await revoking).status).toBe(200)
    for (const key of keys) expect(await context.codeFor(key)).toBe('revoked_key')
    await context.gateway.restart()
    for (const key of keys) expect(await context.codeFor(key)).toBe('revoked_key')
  })

  test('while keys are minted leaves no key that was there before, and counts what it took', async () => {
    const { keys, id } = await start()
    const mint = () => context.send('POST', '/admin/keys', { user_id: id, name: 'beside' })
    const [response, ...minted] = await Promise.all([revokeAll(id), mint(), mint(), mint(), mint()])
    expect([200, 409]).toContain(response?.status)
    if (response?.status === 409) await revokeAll(id)
    for (const { status } of minted) expect(status).toBe(201)
    for (const key of keys) expect(await context.codeFor(key)).toBe('revoked_key')
    const revoked = (await context.get(`/admin/keys?user_id=${id}&status=revoked`)).data
    expect(await context.audit('key.revoked')).toHaveLength(revoked.length)
  })
})
