import { beforeAll, describe, expect, test } from 'vitest'
import { type Desk, idOf } from '../../support/desk.ts'
import { json } from '../../support/json.ts'
import { rotationContext } from './rotation-context.ts'

const day = 86_400

describe('POST /admin/keys/{id}/rotate', () => {
  const context = rotationContext()
  const { clock, post, rotated, codeOf, inSeconds, trailOf } = context
  let desk: Desk
  beforeAll(() => {
    desk = context.desk()
  })

  test('mints a successor with the same name, scopes, limits and owner, and links both ways', async () => {
    const key = await desk.mint({
      name: 'ci',
      scopes: ['a', 'b'],
      metadata: { team: 'x' },
      rate_limit: { limit: 500, window_seconds: 60 },
      allowed_addresses: ['127.0.0.0/8'],
    })
    const before = await desk.read(key)
    const { key: successor, key_text: text, retiring } = await rotated(key)
    expect(successor).toEqual({
      ...before,
      id: idOf(text),
      created_at: successor.created_at,
      predecessor_id: idOf(key),
      created_by: 'master_key',
      version: 1,
    })
    expect(retiring).toEqual({
      ...before,
      status: 'retiring',
      successor_id: idOf(text),
      rotated_at: successor.created_at,
      retires_at: new Date(Date.parse(successor.created_at) + 30 * day * 1000).toISOString(),
      quiet_seconds: day,
      version: 2,
    })
    expect(await desk.read(text)).toEqual(successor)
    expect(await desk.read(key)).toEqual(retiring)
    expect(await trailOf(key, 'key.rotated')).toMatchObject([
      { actor: 'master_key', facts: { successor_id: idOf(text), user_id: desk.userId } },
    ])
    expect(await trailOf(text, 'key.minted')).toMatchObject([
      {
        actor: 'master_key',
        facts: {
          user_id: desk.userId,
          scopes: ['a', 'b'],
          expires_at: null,
          created_through: 'admin',
          predecessor_id: idOf(key),
        },
      },
    ])
  })

  test('lets both keys verify, the old one with X-Key-Retires-At, the successor without', async () => {
    const key = await desk.mint({ scopes: ['a'] })
    for (let round = 0; round < 2; round += 1) {
      const plain = await desk.validate(key)
      expect([plain.status, plain.headers.get('x-key-retires-at')]).toEqual([200, null])
    }
    const { key_text: text, retiring } = await rotated(key, { grace_seconds: 3600 })
    expect(retiring.retires_at).toBe(new Date(Date.parse(retiring.rotated_at) + 3_600_000).toISOString())
    for (let round = 0; round < 2; round += 1) {
      const old = await desk.validate(key, '?scope=a')
      expect([old.status, old.headers.get('x-key-retires-at')]).toEqual([200, retiring.retires_at])
      const fresh = await desk.validate(text, '?scope=a')
      expect([fresh.status, fresh.headers.get('x-key-retires-at')]).toEqual([200, null])
    }
    const refused = await desk.validate(key, '?scope=z')
    expect([refused.status, refused.headers.get('x-key-retires-at')]).toEqual([403, retiring.retires_at])
    expect((await post(key, 'retire')).status).toBe(200)
    const retired = await desk.validate(key)
    expect([retired.status, retired.headers.get('x-key-retires-at')]).toEqual([401, null])
  })

  test('says X-Key-Retires-At also in the answer that the key is over its limit', async () => {
    const key = await desk.mint({ rate_limit: { limit: 1, window_seconds: 3600 } })
    const { key_text: text, retiring } = await rotated(key)
    const answers = [await desk.validate(key), await desk.validate(key)]
    expect(answers.map(({ status }) => status)).toEqual([200, 429])
    for (const { headers } of answers) expect(headers.get('x-key-retires-at')).toBe(retiring.retires_at)
    for (const { headers } of [await desk.validate(text), await desk.validate(text)])
      expect(headers.get('x-key-retires-at')).toBeNull()
  })

  test('gives a successor no expiry that no calendar has, however long the lifetime is', async () => {
    const key = await desk.mint({ expires_at: '9999-12-31T23:59:59.000Z' })
    clock.forward(day)
    expect((await rotated(key)).key.expires_at).toBe('9999-12-31T23:59:59.999Z')
  })

  test('gives the successor the lifetime of the old key from now on; none where that had none', async () => {
    const key = await desk.mint({ expires_at: inSeconds(10 * day) })
    const { created_at: made, expires_at: ends } = await desk.read(key)
    clock.forward(9 * day)
    const { key: successor } = await rotated(key)
    const lifetime = Date.parse(ends) - Date.parse(made)
    expect(Date.parse(successor.expires_at) - Date.parse(successor.created_at)).toBe(lifetime)
    expect((await rotated(await desk.mint())).key.expires_at).toBeNull()
  })

  test('the list knows what is retiring, and who used the old key last, from where and with what', async () => {
    const key = await desk.mint({ name: 'watched' })
    const { key_text: text } = await rotated(key)
    await desk.validate(key, '', { 'user-agent': 'old-deploy/1.0' })
    await desk.validate(text, '', { 'user-agent': 'new-deploy/2.0' })
    await desk.gateway.restart()
    const path = `/admin/keys?status=retiring&search=watched`
    const { data } = await json(await desk.gateway.asAdmin(path))
    expect(data.map(({ id }: any) => id)).toEqual([idOf(key)])
    expect(data[0].last_use).toEqual({
      at: data[0].last_used_at,
      address: '127.0.0.1',
      user_agent: 'old-deploy/1.0',
    })
    expect((await desk.read(text)).last_use).toMatchObject({ user_agent: 'new-deploy/2.0' })
    const active = await json(await desk.gateway.asAdmin('/admin/keys?status=active&search=watched'))
    expect(active.data).toHaveLength(2)
  })

  test('of a retiring, revoked or expired key is 409 and makes nothing; the successor can be rotated on', async () => {
    const [key, revoked] = [await desk.mint(), await desk.mint()]
    const expired = await desk.mint({ expires_at: inSeconds(60) })
    const { key_text: second } = await rotated(key)
    await desk.revoke(revoked)
    clock.forward(61)
    const count = async () => (await desk.rows('SELECT id FROM api_keys')).length
    const before = await count()
    for (const dead of [key, revoked, expired])
      expect(await codeOf(await post(dead, 'rotate', {}))).toEqual([409, 'conflict'])
    expect(await codeOf(await post('kd_000000000000_x', 'rotate', {}))).toEqual([404, 'not_found'])
    expect(await count()).toBe(before)
    const { key: third } = await rotated(second)
    expect(third.predecessor_id).toBe(idOf(second))
    await desk.revoke(third.id)
  })

  test('of a key whose owner is disabled is 409 and makes nothing', async () => {
    const owner = await desk.addUser()
    const key = await desk.mint({ user_id: owner })
    await desk.sql(`UPDATE users SET status = 'disabled' WHERE id = ?`, owner)
    const refused = await post(key, 'rotate', {})
    expect(refused.status).toBe(409)
    expect((await json(refused)).detail).toContain('owner of this key is disabled')
    expect(await desk.rows('SELECT id FROM api_keys WHERE user_id = ?', owner)).toHaveLength(1)
    expect(await desk.read(key)).toMatchObject({ successor_id: null, version: 1 })
  })

  test('20 at once make one successor, the others are 409', async () => {
    const key = await desk.mint({ name: 'raced' })
    const answers = await Promise.all(Array.from({ length: 20 }, () => post(key, 'rotate', {})))
    expect(answers.map(({ status }) => status).sort()).toEqual([201, ...Array(19).fill(409)])
    expect(await desk.rows(`SELECT id FROM api_keys WHERE name = 'raced'`)).toHaveLength(2)
    expect(await trailOf(key, 'key.rotated')).toHaveLength(1)
  })

  test.each([
    ['quiet_seconds', 59],
    ['quiet_seconds', 90 * day + 1],
    ['quiet_seconds', 60.5],
    ['quiet_seconds', '60'],
    ['quiet_seconds', null],
    ['grace_seconds', 59],
    ['grace_seconds', 365 * day + 1],
    ['grace_seconds', -1],
    ['scopes', ['a']],
    ['name', 'x'],
  ])('%s of %j is 400 that names it, and nothing is rotated', async (field, value) => {
    const key = await desk.mint()
    const response = await post(key, 'rotate', { [field]: value })
    expect(response.status).toBe(400)
    expect((await json(response)).detail).toContain(field)
    expect(await desk.read(key)).toMatchObject({ successor_id: null, status: 'active' })
  })

  test('retire now: refused from the next request on, the successor goes on; again, and of others, 409', async () => {
    const key = await desk.mint()
    expect(await codeOf(await post(key, 'retire'))).toEqual([409, 'conflict'])
    expect(await desk.codeFor(key)).toBe('valid')
    const { key_text: text } = await rotated(key)
    for (const each of [key, text]) expect(await desk.codeFor(each)).toBe('valid')
    const retired = await post(key, 'retire')
    expect(retired.status).toBe(200)
    expect(retired.headers.get('etag')).toBe('"3"')
    expect(await json(retired)).toMatchObject({
      status: 'revoked',
      revoked_reason: 'retired',
      successor_id: idOf(text),
    })
    expect([await desk.codeFor(key), await desk.codeFor(text)]).toEqual(['revoked_key', 'valid'])
    expect(await codeOf(await post(key, 'retire'))).toEqual([409, 'conflict'])
    expect(await codeOf(await post(text, 'retire'))).toEqual([409, 'conflict'])
    expect(await codeOf(await post('kd_000000000000_x', 'retire'))).toEqual([404, 'not_found'])
    expect(await trailOf(key, 'key.retired')).toMatchObject([
      { actor: 'master_key', facts: { reason: 'asked', successor_id: idOf(text) } },
    ])
  })
})
