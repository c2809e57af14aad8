import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createAddApp } from '../../src/services/add-app.ts'
import { createChangeApp } from '../../src/services/change-app.ts'
import { createFindApps, type FindApps } from '../../src/services/find-apps.ts'
import { createRemoveApp } from '../../src/services/remove-app.ts'
import { openStorage, type Storage } from '../../src/storage/storage.ts'
import { engines, userRow } from '../storage/engines.ts'
import type { TestDatabase } from '../support/test-database.ts'

const now = () => new Date()
const origin = { requestId: 'req_test', address: null, userAgent: null }
const session = { role: 'member', groups: [], scopes: [], method: 'session' } as const
const said = (host: string, pathPrefixes: string[] = []) => ({
  host,
  pathPrefixes,
  groups: [],
  roles: [],
  scopes: [],
  methods: ['session' as const],
  note: null,
})

describe.each(engines)('the apps that a process remembers, on $name', (engine) => {
  let database: TestDatabase
  let ours: Storage
  let others: Storage
  let find: FindApps
  const patient = { connectMs: 5000, statementMs: 5000 }
  beforeEach(async () => {
    database = await engine.create()
    ours = await openStorage(database.url, patient)
    others = await openStorage(database.url, patient)
    find = createFindApps({ storage: ours })
  })
  afterEach(async () => {
    await ours?.close()
    await others?.close()
    await database?.drop()
  })

  const by = (storage: Storage) => ({
    add: (host: string, prefixes?: string[]) =>
      createAddApp({ storage, now })(said(host, prefixes), 'master_key', origin),
    change: (id: string, groups: string[]) =>
      createChangeApp({ storage, now })(id, { groups }, null, 'master_key', origin),
    remove: (id: string) => createRemoveApp({ storage, now })(id, null, 'master_key', origin),
  })
  const judged = async (host: string, path = '/') => (await find.fresh()).judge(host, path, session)

  test('are those that any process has added, changed or removed, on the next look', async () => {
    for (const storage of [ours, others]) {
      const { add, change, remove } = by(storage)
      expect(await judged('a.test')).toBe('unknown_host')
      const app = await add('a.test')
      expect(await judged('a.test')).toBe('allowed')
      await change(app.id, ['ops'])
      expect(await judged('a.test')).toBe('group')
      expect((await find.fresh()).ofHost('a.test')).toMatchObject([
        { id: app.id, groups: ['ops'], version: 2 },
      ])
      await remove(app.id)
      expect(await judged('a.test')).toBe('unknown_host')
    }
  })

  test('are not read again while none has changed, and are not remembered past a change', async () => {
    expect(find.remembered()).toBeNull()
    const [first, ...more] = await Promise.all([find.fresh(), find.fresh(), find.fresh()])
    for (const apps of more) expect(apps).toBe(first)
    expect(find.remembered()).toBe(first)
    // Another change, which is not of an app.
    await ours.atomically((tx) => [ours.users.insert(tx, userRow())])
    await ours.generation()
    expect(find.remembered()).toBe(first)
    await by(others).add('a.test')
    await ours.generation()
    expect(find.remembered()).toBeNull()
    expect(await find.fresh()).not.toBe(first)
  })

  test('of a name at another port are no unknown host: that is refused, whatever the settings say', async () => {
    await by(others).add('a.test')
    await by(others).add('b.test:8443')
    for (const host of ['a.test:8443', 'a.test:444', 'b.test', 'b.test:443'])
      expect(await judged(host), host).toBe('unknown_port')
    for (const host of ['a.test', 'b.test:8443']) expect(await judged(host), host).toBe('allowed')
    for (const host of ['c.test', 'x.a.test', 'test', 'a.test.evil.test'])
      expect(await judged(host), host).toBe('unknown_host')
  })

  test('are told apart by path, and the longest decides', async () => {
    const { add, change } = by(others)
    await add('a.test')
    const admin = await add('a.test', ['/admin'])
    await change(admin.id, ['ops'])
    expect(await judged('a.test', '/x')).toBe('allowed')
    expect(await judged('a.test', '/admin/x')).toBe('group')
    expect(await judged('a.test', '//admin')).toBe('ambiguous_path')
  })

  test('that cannot be read reject whoever asks, each of them, and are read when they can be again', async () => {
    await by(others).add('a.test')
    await database.change('ALTER TABLE apps RENAME TO apps_away')
    for (const outcome of await Promise.allSettled([judged('a.test'), judged('b.test')]))
      expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'unavailable' } })
    expect(find.remembered()).toBeNull()
    await database.change('ALTER TABLE apps_away RENAME TO apps')
    expect(await judged('a.test')).toBe('allowed')
  })
})
