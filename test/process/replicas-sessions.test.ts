import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createCookieJar } from '../support/browser-like.ts'
import type { TestGateway } from '../support/gateway.ts'
import { type GatewaysOnPostgres, startGatewaysOnPostgres } from '../support/gateways-on-postgres.ts'
import { json } from '../support/json.ts'
import { postFrom, signInForSession, stateAt } from '../support/signed-in.ts'

describe('a session begun on one replica', () => {
  let replicas: GatewaysOnPostgres
  beforeAll(async () => {
    replicas = await startGatewaysOnPostgres(2, () => ({
      ALLOWED_DOMAINS: 'example.com,elsewhere.test,desk.test',
      ADMIN_EMAILS: 'ada@example.com',
    }))
  })
  afterAll(() => replicas?.close())

  const at = (index: number): TestGateway => replicas.gateways[index]!
  const begin = async (index: number, email = 'alice@example.com') =>
    (await signInForSession({ gateway: at(index), standIn: replicas.standIn }, email)).secret
  const browserAt = (index: number, secret: string) => {
    const jar = createCookieJar(at(index))
    jar.cookies.set('__Host-keydesk', secret)
    return { jar }
  }
  const bothSay = async (secret: string) =>
    Promise.all(
      replicas.gateways.map(async (gateway) => {
        const response = await stateAt(gateway, secret)
        return response.status === 200 ? 'alive' : (await json(response)).code
      }),
    )
  const over = ['unauthenticated', 'unauthenticated']
  const orders = [
    [0, 1],
    [1, 0],
  ]
  const change = (index: number, path: string, body: object, method = 'POST') =>
    at(index).asAdmin(path, {
      method,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
  const userOf = async (secret: string) => (await json(await stateAt(at(0), secret))).user

  test.each(orders)('works at once on the other (%i, then %i)', async (begun, used) => {
    const secret = await begin(begun)
    expect((await json(await stateAt(at(used), secret))).user.email).toBe('alice@example.com')
    expect(await bothSay(secret)).toEqual(['alive', 'alive'])
  })

  test.each(orders)('is over on it as soon as the other has said so (%i, then %i)', async (begun, ended) => {
    for (const path of ['/auth/logout', '/auth/logout/everywhere']) {
      const secret = await begin(begun)
      expect(await bothSay(secret)).toEqual(['alive', 'alive'])
      expect((await postFrom(browserAt(ended, secret), path)).status).toBe(204)
      expect(await bothSay(secret)).toEqual(over)
    }
  })

  test.each(orders)('gives way to a new sign-in on the other (%i, then %i)', async (begun, next) => {
    const secret = await begin(begun)
    expect(await bothSay(secret)).toEqual(['alive', 'alive'])
    const { jar } = browserAt(next, secret)
    const again = await signInForSession(
      { gateway: at(next), standIn: replicas.standIn },
      'alice@example.com',
      { jar },
    )
    expect(await bothSay(secret)).toEqual(over)
    expect(await bothSay(again.secret)).toEqual(['alive', 'alive'])
  })

  test.each(orders)('ends with what an admin does on the other (%i, then %i)', async (begun, other) => {
    const path = `/admin/users/${(await userOf(await begin(begun))).id}`
    for (const end of [
      () => at(other).asAdmin(`${path}/sessions`, { method: 'DELETE' }),
      () => at(other).asAdmin('/admin/sessions', { method: 'DELETE' }),
      () => at(other).asAdmin(`${path}/revoke-everything`, { method: 'POST' }),
      () => change(other, path, { status: 'disabled' }, 'PATCH'),
    ]) {
      const secret = await begin(begun)
      expect(await bothSay(secret)).toEqual(['alive', 'alive'])
      expect((await end()).status).toBeLessThan(300)
      expect(await bothSay(secret)).toEqual(over)
    }
    await change(other, path, { status: 'active' }, 'PATCH')
  })

  test.each(orders)('is judged by a rule that the other was told (%i, then %i)', async (begun, told) => {
    const secret = await begin(begun, 'otto@elsewhere.test')
    const rule = await json(
      await change(told, '/admin/access-rules', { kind: 'deny_email', value: 'otto@elsewhere.test' }),
    )
    expect(await bothSay(secret)).toEqual(['owner_not_allowed', 'owner_not_allowed'])
    await at(told).asAdmin(`/admin/access-rules/${rule.id}`, { method: 'DELETE' })
    expect(await bothSay(secret)).toEqual(['alive', 'alive'])
  })

  test.each(orders)(
    'is an admin’s on both, and neither’s without the role (%i, then %i)',
    async (begun, told) => {
      const secret = await begin(begun, 'alice@example.com')
      const { id } = await userOf(secret)
      const asked = () =>
        Promise.all(
          [0, 1].map(async (index) => (await browserAt(index, secret).jar.fetch('/admin/users')).status),
        )
      expect(await asked()).toEqual([403, 403])
      await change(told, `/admin/users/${id}`, { role: 'admin' }, 'PATCH')
      expect(await asked()).toEqual([200, 200])
      await begin(begun, 'ada@example.com')
      expect((await change(told, `/admin/users/${id}`, { role: 'member' }, 'PATCH')).status).toBe(200)
      expect(await asked()).toEqual([403, 403])
    },
  )

  test('is ended once, however many replicas are asked at the same moment', async () => {
    for (let round = 0; round < 5; round += 1) {
      const secret = await begin(round % 2)
      const answers = await Promise.all(
        [0, 1, 0, 1].map((index) => postFrom(browserAt(index, secret), '/auth/logout')),
      )
      expect(answers.map(({ status }) => status)).toEqual([204, 204, 204, 204])
      expect(await bothSay(secret)).toEqual(over)
    }
    const { data } = await json(await at(0).asAdmin('/admin/audit?action=session.ended&limit=200'))
    const ids = data.map((event: { facts: { session_id: string } }) => event.facts.session_id)
    expect(new Set(ids).size).toBe(ids.length)
  })

  test('used on both at once is touched, and never brought back by it', async () => {
    const secret = await begin(0)
    const [row] = await replicas.database.rows('SELECT id FROM sessions ORDER BY created_at DESC LIMIT 1')
    await replicas.database.change(
      'UPDATE sessions SET last_seen_at = ? WHERE id = ?',
      new Date(Date.now() - 120_000),
      row.id,
    )
    const looks = [0, 1, 0, 1].map((index) => stateAt(at(index), secret))
    const end = postFrom(browserAt(1, secret), '/auth/logout')
    for (const look of looks) expect([200, 401]).toContain((await look).status)
    expect((await end).status).toBe(204)
    expect(await bothSay(secret)).toEqual(over)
    expect(await replicas.database.rows('SELECT id FROM sessions WHERE id = ?', row.id)).toEqual([])
  })
})
