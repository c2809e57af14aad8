import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type Desk, idOf, startDesk } from '../../support/desk.ts'
import { json } from '../../support/json.ts'
import { request } from './people-context.ts'

describe('POST /admin/keys/revoke', () => {
  let desk: Desk
  let ownerId: string
  beforeAll(async () => {
    desk = await startDesk()
  })
  afterAll(() => desk.close())
  beforeEach(async () => {
    ownerId = await desk.addUser()
  })

  const send = (body: unknown) => desk.gateway.asAdmin('/admin/keys/revoke', request('POST', body))
  const done = async (body: unknown) => {
    const response = await send(body)
    expect(response.status, await response.clone().text()).toBe(200)
    return json(response)
  }
  const codesOf = (keys: string[]) => Promise.all(keys.map((key) => desk.codeFor(key)))
  const trailOf = async (key: string) =>
    (await json(await desk.gateway.asAdmin(`/admin/audit?action=key.revoked&target=key:${idOf(key)}`))).data
  const mintMany = (count: number, change: object = {}) =>
    desk.mintMany(count, { user_id: ownerId, ...change })

  test('by ids: these and no others, in force at once with warm keys, with the reason in key and trail', async () => {
    const keys = await mintMany(3)
    const spared = await desk.mint({ user_id: ownerId })
    expect(await codesOf([...keys, spared])).toEqual(Array(4).fill('valid'))
    const answer = await done({ ids: keys.map(idOf), reason: 'laptop stolen' })
    expect(answer).toEqual({ count: 3, dry_run: false })
    expect(await codesOf([...keys, spared])).toEqual([...Array(3).fill('revoked_key'), 'valid'])
    for (const key of keys) {
      expect(await desk.read(key)).toMatchObject({
        status: 'revoked',
        revoked_reason: 'laptop stolen',
        version: 2,
      })
      const trail = await trailOf(key)
      expect(trail).toHaveLength(1)
      expect(trail[0]).toMatchObject({
        actor: 'master_key',
        facts: { user_id: ownerId, reason: 'laptop stolen' },
      })
    }
  })

  test('without a reason none is written down', async () => {
    const [key = ''] = await mintMany(1)
    await done({ ids: [idOf(key)] })
    expect(await desk.read(key)).toMatchObject({ revoked_reason: null })
    expect((await trailOf(key))[0].facts).not.toHaveProperty('reason')
  })

  test('counts each key once, and those that were revoked before not at all: their first reason stays', async () => {
    const [first = '', second = ''] = await mintMany(2)
    const byHand = `/admin/keys/${idOf(first)}?reason=by%20hand`
    expect((await desk.gateway.asAdmin(byHand, { method: 'DELETE' })).status).toBe(204)
    const before = await desk.read(first)
    const ids = [first, first, second, second, second].map(idOf)
    expect(await done({ ids, reason: 'many', dry_run: true })).toEqual({ count: 1, dry_run: true })
    expect(await done({ ids, reason: 'many' })).toEqual({ count: 1, dry_run: false })
    expect(await done({ ids, reason: 'again' })).toEqual({ count: 0, dry_run: false })
    expect(await desk.read(first)).toEqual(before)
    expect(await desk.read(second)).toMatchObject({ revoked_reason: 'many' })
    expect(await trailOf(second)).toHaveLength(1)
  })

  test('by filter: what the list shows for it, and a dry run says how many and changes nothing', async () => {
    const taken = await mintMany(3, { scopes: ['deploy'], name: 'ci' })
    const spared = [
      ...(await mintMany(1, { scopes: ['deploy:all'] })),
      await desk.mint({ scopes: ['deploy'] }),
    ]
    const filter = { user_id: ownerId, scope: 'deploy', status: 'active', search: 'CI' }
    const tables = () =>
      Promise.all(['api_keys', 'audit_events'].map((name) => desk.rows(`SELECT * FROM ${name}`)))
    const before = await tables()
    expect(await done({ filter, dry_run: true })).toEqual({ count: 3, dry_run: true })
    expect(await tables()).toEqual(before)
    expect(await codesOf(taken)).toEqual(Array(3).fill('valid'))
    expect(await done({ filter, reason: 'moved' })).toEqual({ count: 3, dry_run: false })
    expect(await codesOf(taken)).toEqual(Array(3).fill('revoked_key'))
    expect(await codesOf(spared)).toEqual(['valid', 'valid'])
    expect(await done({ filter })).toEqual({ count: 0, dry_run: false })
  })

  test('takes every filter of the list, and revokes expired keys for good', async () => {
    const soon = new Date(Date.now() + 3_600_000)
    const [key = ''] = await mintMany(1, { expires_at: soon.toISOString() })
    await desk.sql('UPDATE api_keys SET expires_at = ? WHERE id = ?', new Date(1), idOf(key))
    const filter = { user_id: ownerId, created_through: 'admin', expiring_before: soon.toISOString() }
    const unused = new Date(Date.now() + 1000).toISOString()
    const body = { filter: { ...filter, status: 'expired', unused_since: unused } }
    expect(await done(body)).toEqual({ count: 1, dry_run: false })
    expect(await desk.codeFor(key)).toBe('revoked_key')
  })

  test('by filter: what was revoked long ago stands in nobody’s way, however much it is', async () => {
    const [old = '', key = ''] = await mintMany(2)
    await desk.revoke(old)
    const copies = `WITH RECURSIVE counted(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counted WHERE n < 10000)
      INSERT INTO api_keys (id, user_id, name, secret_hash, scopes, metadata, created_through, created_by, created_at,
      revoked_at, version) SELECT 'former' || n, user_id, name, secret_hash, scopes, metadata, created_through,
      created_by, created_at, revoked_at, 1 FROM api_keys, counted WHERE id = ?`
    await desk.sql(copies, idOf(old))
    for (const dry_run of [true, false])
      expect(await done({ filter: { user_id: ownerId }, dry_run })).toEqual({ count: 1, dry_run })
    expect(await desk.codeFor(key)).toBe('revoked_key')
  })

  test('an unknown id among others is 404 that names it, and nothing is revoked', async () => {
    const keys = await mintMany(2)
    for (const unknown of ['000000000000', keys[0] ?? '', "' OR 1=1 --"]) {
      for (const dry_run of [true, false]) {
        const response = await send({ ids: [...keys.map(idOf), unknown], dry_run })
        expect(response.status).toBe(404)
        expect((await json(response)).detail).toContain('Nothing was revoked')
      }
    }
    expect(await codesOf(keys)).toEqual(['valid', 'valid'])
  })

  test.each<[string, object]>([
    ['ids', {}],
    ['ids', { ids: ['x'], filter: { status: 'active' } }],
    ['ids', { dry_run: true, reason: 'x' }],
    ['ids', { ids: [] }],
    ['ids', { ids: 'x' }],
    ['ids', { ids: [1] }],
    ['ids', { ids: [''] }],
    ['ids', { ids: null }],
    ['ids', { ids: Array.from({ length: 1001 }, (_, index) => `k${index}`) }],
    ['filter', { filter: 'all' }],
    ['filter', { filter: null }],
    ['owner', { filter: { owner: 'x' } }],
    ['limit', { filter: { limit: 1 } }],
    ['status', { filter: { status: 'live' } }],
    ['unused_since', { filter: { unused_since: 'yesterday' } }],
    ['unused_since', { filter: { unused_since: '2999-01-01T00:00:00Z' } }],
    ['dry_run', { filter: { status: 'active' }, dry_run: 'true' }],
    ['dry_run', { filter: { status: 'active' }, dry_run: null }],
    ['dryRun', { filter: { status: 'active' }, dryRun: true }],
    ['reason', { filter: { status: 'active' }, reason: '' }],
    ['reason', { filter: { status: 'active' }, reason: 'x'.repeat(101) }],
    ['reason', { filter: { status: 'active' }, reason: 'a\nb' }],
  ])('what makes no sense is 400 that names %s, and nothing is revoked: %j', async (field, body) => {
    const [key = ''] = await mintMany(1)
    const response = await send(body)
    expect(response.status).toBe(400)
    expect((await json(response)).detail).toContain(field)
    expect(await desk.codeFor(key)).toBe('valid')
  })

  test('600 keys at once, in more than one batch: all of them, each with its event', async () => {
    const keys = await mintMany(6)
    const copies = `INSERT INTO api_keys (id, user_id, name, secret_hash, scopes, metadata, created_through, created_by,
      created_at, version) SELECT ?, user_id, name, secret_hash, scopes, metadata, created_through, created_by,
      created_at, 1 FROM api_keys WHERE id = ?`
    for (let n = 0; n < 594; n += 1)
      await desk.sql(copies, `copy${String(n).padStart(8, '0')}`, idOf(keys[0] ?? ''))
    expect(await done({ filter: { user_id: ownerId } })).toEqual({ count: 600, dry_run: false })
    expect(await codesOf(keys)).toEqual(Array(6).fill('revoked_key'))
    const [{ events }] = await desk.rows(
      `SELECT count(*) AS events FROM audit_events WHERE action = 'key.revoked' AND target LIKE 'key:copy%'`,
    )
    expect(Number(events)).toBe(594)
  })

  test('two at once of the same keys count each key once between them', async () => {
    const keys = await mintMany(20)
    const ids = keys.map(idOf)
    const answers = await Promise.all([done({ ids }), done({ ids: [...ids].reverse() })])
    expect(answers.map(({ count }) => count).reduce((sum, count) => sum + count)).toBe(20)
    for (const key of keys) expect(await trailOf(key)).toHaveLength(1)
  })
})

test('DELETE takes a reason of one line, and one that is none is 400 and revokes nothing', async () => {
  const desk = await startDesk()
  const key = await desk.mint()
  const remove = (query: string) =>
    desk.gateway.asAdmin(`/admin/keys/${idOf(key)}${query}`, { method: 'DELETE' })
  for (const query of [
    '?reason=',
    '?reason=a%0Ab',
    `?reason=${'x'.repeat(101)}`,
    '?reason=a&reason=b',
    '?why=x',
  ])
    expect((await remove(query)).status, query).toBe(400)
  expect(await desk.codeFor(key)).toBe('valid')
  expect((await remove('?reason=not%20needed')).status).toBe(204)
  expect(await desk.read(key)).toMatchObject({ revoked_reason: 'not needed', status: 'revoked' })
  await desk.close()
})
