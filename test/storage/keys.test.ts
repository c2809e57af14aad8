import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Storage } from '../../src/storage/storage.ts'
import { baseTime, engines, freshStorage, keyRow, land, plusMs, userRow } from './engines.ts'

describe.each(engines)('keys on $name', (engine) => {
  let context: Awaited<ReturnType<typeof freshStorage>>
  let storage: Storage
  const owner = userRow({ scopeLimit: ['a'] })
  beforeAll(async () => {
    context = await freshStorage(engine)
    storage = context.storage
    await land(storage, (tx) => [storage.users.insert(tx, owner)])
  })
  afterAll(() => context.end())

  const insertKey = async (change: Parameters<typeof keyRow>[1] = {}) => {
    const key = keyRow(owner, change)
    await land(storage, (tx) => [storage.keys.insert(tx, key)])
    return key
  }
  const revoke = (id: string, at: Date) =>
    storage.atomically((tx) => [{ statement: storage.keys.revoke(tx, id, at), rows: 1 }])

  test('a key reads back as written, JSON and all, without its hash where only people look', async () => {
    const key = await insertKey({
      scopes: ['reports.read', 'b'],
      metadata: {
        ticket: 'OPS-7',
        nested: { list: [1, 2.5, null, true, 'ünïcødé 🔑"\\'] },
        '': '',
        ' ': 1e21,
      },
      expiresAt: plusMs(5),
    })
    const { secretHash: _, ...record } = key
    const found = await storage.keys.find(key.id)
    expect(found).toMatchObject(record)
    expect(found).not.toHaveProperty('secretHash')
    expect(await storage.keys.findWithOwner(key.id)).toMatchObject({ key, owner })
  })

  test('an id is matched to the letter and never read as SQL', async () => {
    const key = await insertKey({ id: 'aAaAaAaAaAaA' })
    expect(await storage.keys.find(key.id)).not.toBeNull()
    for (const id of ['aaaaaaaaaaaa', 'aAaAaAaAaAa%', "' OR 1=1 --", '', ' aAaAaAaAaAaA', 'aAaAaAaAaAaA ']) {
      expect(await storage.keys.find(id)).toBeNull()
      expect(await storage.keys.findWithOwner(id)).toBeNull()
    }
  })

  test('an id exists once, and a key has an owner', async () => {
    const key = await insertKey()
    expect(await storage.atomically((tx) => [storage.keys.insert(tx, { ...key, name: 'other' })])).toBe(false)
    expect((await storage.keys.find(key.id))?.name).toBe('sso')
    await expect(
      storage.atomically((tx) => [storage.keys.insert(tx, keyRow(userRow()))]),
    ).rejects.toMatchObject({ code: 'unavailable' })
  })

  test('revoked is terminal: the first time stays, and a second revocation changes no row', async () => {
    const key = await insertKey()
    expect(await revoke(key.id, plusMs(10))).toBe(true)
    expect(await revoke(key.id, plusMs(20))).toBe(false)
    expect((await storage.keys.find(key.id))?.revokedAt).toEqual(plusMs(10))
    expect(await revoke('unknown', plusMs(10))).toBe(false)
  })

  test('all keys of a user are revoked at once: what was revoked before keeps its time, and nobody else’s is touched', async () => {
    const [user, other] = [userRow(), userRow()]
    const keys = [
      keyRow(user),
      keyRow(user, { expiresAt: plusMs(-1) }),
      keyRow(user, { revokedAt: plusMs(-5) }),
      keyRow(other),
    ]
    await land(storage, (tx) => [
      storage.users.insert(tx, user),
      storage.users.insert(tx, other),
      ...keys.map((key) => storage.keys.insert(tx, key)),
    ])
    const [live, expired, revoked, foreign] = keys.map(({ id }) => id)
    expect((await storage.keys.unrevokedIdsOf(user.id)).sort()).toEqual([live, expired].sort())
    const counts = await storage.keys.countLiveOf([user.id, other.id, 'usr_x'], baseTime)
    expect([...counts].sort()).toEqual(
      [
        [user.id, 1],
        [other.id, 1],
      ].sort(),
    )
    expect(await storage.keys.countLiveOf([], baseTime)).toEqual(new Map())
    const revokeAll = (rows: number) =>
      storage.atomically((tx) => [{ statement: storage.keys.revokeOfUser(tx, user.id, plusMs(9)), rows }])
    expect(await revokeAll(3)).toBe(false)
    expect(await storage.keys.unrevokedIdsOf(user.id)).toHaveLength(2)
    expect(await revokeAll(2)).toBe(true)
    const times = await Promise.all(
      [live, expired, revoked, foreign].map(async (id) => (await storage.keys.find(id ?? ''))?.revokedAt),
    )
    expect(times).toEqual([plusMs(9), plusMs(9), plusMs(-5), null])
    expect(await storage.keys.unrevokedIdsOf(user.id)).toEqual([])
    expect(await storage.keys.countLiveOf([user.id], baseTime)).toEqual(new Map())
  })

  test('the repository has no statement that could un-revoke, rewrite or delete a key', () => {
    const retirement = ['beginRetirement', 'handOver', 'endRetirement', 'revokeAsRead', 'requireLive']
    const guards = ['requireAdminKey']
    const writes = ['insert', 'revoke', 'revokeAll', 'revokeOfUser', 'update', ...guards, ...retirement]
    const counts = ['countLiveThrough', 'countLive', 'countLiveOf']
    const lists = ['unrevokedIdsOf', 'namesOf', 'unrevokedAmong', 'dueToRetire', 'leftAlone']
    const reads = ['find', 'findWithOwner', 'exist', ...lists, ...counts]
    const known = [...writes, ...reads]
    const unknown = Object.keys(storage.keys).filter((name) => !known.includes(name))
    // A new one is looked at before it is added here: revoked must stay terminal through it.
    expect(unknown).toEqual([])
    expect(Object.keys(storage.keyLists).sort()).toEqual(['idsOf', 'page'])
  })
})

describe.each(engines)('pages of keys on $name', (engine) => {
  let context: Awaited<ReturnType<typeof freshStorage>>
  let storage: Storage
  const [owner, other] = [userRow(), userRow()]
  // Three instants for 23 keys: within one instant only the id tells them apart.
  const keys = Array.from({ length: 23 }, (_, index) =>
    keyRow(index % 5 === 4 ? other : owner, {
      createdAt: plusMs(Math.floor(index / 8)),
      revokedAt: index % 4 === 0 ? baseTime : null,
      expiresAt: index % 3 === 0 ? plusMs(1000) : null,
    }),
  )
  beforeAll(async () => {
    context = await freshStorage(engine)
    storage = context.storage
    await land(storage, (tx) => [storage.users.insert(tx, owner), storage.users.insert(tx, other)])
    await land(storage, (tx) => keys.map((key) => storage.keys.insert(tx, key)))
  })
  afterAll(() => context.end())

  const newestFirst = (list: typeof keys) =>
    [...list]
      .sort((a, b) => b.createdAt.getTime() - a.createdAt.getTime() || (a.id < b.id ? 1 : -1))
      .map(({ id }) => id)

  async function idsOfAllPages(filter: {
    status?: 'active' | 'revoked' | 'expired' | 'all'
    userId?: string
    now?: Date
    limit: number
  }) {
    const ids: string[] = []
    let after: { at: Date; id: string } | null = null
    for (let pages = 0; pages < 50; pages += 1) {
      const page: Awaited<ReturnType<Storage['keyLists']['page']>> = await storage.keyLists.page({
        sort: '-created_at',
        status: 'all',
        now: baseTime,
        after,
        ...filter,
      })
      expect(page.rows.length).toBeLessThanOrEqual(filter.limit)
      ids.push(...page.rows.map(({ id }) => id))
      const last = page.rows.at(-1)
      if (page.nextCursor === null || last === undefined) return ids
      expect(page.rows).toHaveLength(filter.limit)
      after = { at: last.createdAt, id: last.id }
    }
    throw new Error('the pages do not end')
  }

  test.each([1, 2, 3, 7, 8, 22, 23, 24, 200])(
    'are complete, in order and without repeats at %i a page, also among equal times',
    async (limit) => {
      expect(await idsOfAllPages({ limit })).toEqual(newestFirst(keys))
    },
  )

  test('hold no hash', async () => {
    const page = await storage.keyLists.page({
      sort: '-created_at',
      status: 'all',
      now: baseTime,
      limit: 50,
      after: null,
    })
    expect(JSON.stringify(page)).not.toContain('argon2')
  })

  test('are filtered by owner and by status as the clock has it', async () => {
    const revoked = keys.filter((key) => key.revokedAt !== null)
    const expiring = keys.filter((key) => key.revokedAt === null && key.expiresAt !== null)
    const lasting = keys.filter((key) => key.revokedAt === null && key.expiresAt === null)
    expect(await idsOfAllPages({ limit: 4, status: 'revoked' })).toEqual(newestFirst(revoked))
    expect(await idsOfAllPages({ limit: 4, status: 'expired' })).toEqual([])
    expect(await idsOfAllPages({ limit: 4, status: 'active' })).toEqual(
      newestFirst([...expiring, ...lasting]),
    )
    const now = plusMs(1000)
    expect(await idsOfAllPages({ limit: 4, status: 'expired', now })).toEqual(newestFirst(expiring))
    expect(await idsOfAllPages({ limit: 4, status: 'active', now })).toEqual(newestFirst(lasting))
    const ofOther = keys.filter((key) => key.userId === other.id)
    expect(await idsOfAllPages({ limit: 2, userId: other.id })).toEqual(newestFirst(ofOther))
    expect(await idsOfAllPages({ limit: 2, userId: "' OR 1=1 --" })).toEqual([])
  })

  test('stay without repeats and gaps while keys are made', async () => {
    const first = await storage.keyLists.page({
      sort: '-created_at',
      status: 'all',
      now: baseTime,
      limit: 10,
      after: null,
    })
    await land(storage, (tx) => [storage.keys.insert(tx, keyRow(owner, { createdAt: plusMs(99) }))])
    const last = first.rows.at(-1)
    if (last === undefined) throw new Error('an empty page')
    const after = { at: last.createdAt, id: last.id }
    const second = await storage.keyLists.page({
      sort: '-created_at',
      status: 'all',
      now: baseTime,
      limit: 50,
      after,
    })
    expect([...first.rows, ...second.rows].map(({ id }) => id)).toEqual(newestFirst(keys))
  })

  test('of users are complete and without repeats among equal times', async () => {
    const users = Array.from({ length: 9 }, () => userRow())
    await land(storage, (tx) => users.map((user) => storage.users.insert(tx, user)))
    const seen: string[] = []
    let after: { at: Date; id: string } | null = null
    do {
      const page: Awaited<ReturnType<Storage['users']['page']>> = await storage.users.page({
        limit: 2,
        after,
      })
      seen.push(...page.rows.map(({ id }) => id))
      const last = page.rows.at(-1)
      after = page.nextCursor === null || last === undefined ? null : { at: last.createdAt, id: last.id }
    } while (after !== null)
    const ids = [owner, other, ...users].map(({ id }) => id)
    expect(seen).toEqual(ids.sort().reverse())
  })
})
