import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type PageCursor, readCursor } from '../../src/domain/page-cursor.ts'
import type { KeyFilter, KeySort } from '../../src/storage/key-lists.ts'
import type { ApiKey } from '../../src/storage/keys.ts'
import type { Storage } from '../../src/storage/storage.ts'
import { baseTime, engines, freshStorage, keyRow, land, plusMs, userRow } from './engines.ts'

type Filter = Omit<KeyFilter, 'now' | 'status'> & Partial<Pick<KeyFilter, 'now' | 'status'>>
/** A key, and when it was last used. */
type Listed = ApiKey & { lastUsedAt: Date | null }

const [owner, other] = [userRow(), userRow({ kind: 'service', email: null })]
// Few instants for many keys: within one instant only the id tells them apart.
const listed: Listed[] = Array.from({ length: 48 }, (_, n) => ({
  ...keyRow(n % 5 === 4 ? other : owner, {
    createdAt: plusMs(Math.floor(n / 12)),
    expiresAt: n % 3 === 0 ? plusMs(1000 + (n % 2) * 1000) : null,
    revokedAt: n % 4 === 0 ? baseTime : null,
    createdThrough: n % 2 === 0 ? 'sso' : n % 7 === 0 ? 'self-service' : 'admin',
    scopes: [['a'], ['a.b', 'a'], ['a_b'], []][n % 4] ?? [],
    ...(n % 6 === 1 ? { successorId: 'successor', rotatedAt: baseTime, retiresAt: plusMs(5000) } : {}),
  }),
  lastUsedAt: n % 8 < 5 ? plusMs(Math.floor(n / 20)) : null,
}))

/** What a filter means, said once more. */
function isTaken(key: Listed, { now = baseTime, status = 'all', ...filter }: Filter): boolean {
  const isExpired = key.expiresAt !== null && key.expiresAt <= now
  const isLive = key.revokedAt === null && !isExpired
  const byStatus = {
    all: true,
    active: isLive,
    retiring: isLive && (key.retiresAt ?? null) !== null,
    revoked: key.revokedAt !== null,
    expired: key.revokedAt === null && isExpired,
  }
  const { userId, scope, unusedSince, expiringBefore, createdThrough } = filter
  return (
    byStatus[status] &&
    (userId === undefined || key.userId === userId) &&
    (scope === undefined || key.scopes.includes(scope)) &&
    (createdThrough === undefined || key.createdThrough === createdThrough) &&
    (expiringBefore === undefined || (key.expiresAt !== null && key.expiresAt < expiringBefore)) &&
    (unusedSince === undefined ||
      (key.createdAt < unusedSince && (key.lastUsedAt === null || key.lastUsedAt < unusedSince)))
  )
}

function expectedIds(filter: Filter, sort: KeySort): string[] {
  const timeOf = (key: Listed) => {
    if (sort.endsWith('created_at')) return key.createdAt
    return sort === 'expires_at' ? key.expiresAt : key.lastUsedAt
  }
  const ascending = listed
    .filter((key) => isTaken(key, filter))
    .flatMap((key) => ({ id: key.id, at: timeOf(key)?.getTime() ?? null }))
    .filter(({ at }) => at !== null)
    .sort((a, b) => Number(a.at) - Number(b.at) || (a.id < b.id ? -1 : 1))
    .map(({ id }) => id)
  return sort.startsWith('-') ? ascending.reverse() : ascending
}

const sorts: KeySort[] = ['created_at', '-created_at', 'expires_at', 'last_used_at', '-last_used_at']
const filters: [string, Filter][] = [
  ['nothing', {}],
  ['an owner', { userId: other.id }],
  ['active keys', { status: 'active' }],
  ['active keys later on', { status: 'active', now: plusMs(1000) }],
  ['retiring keys', { status: 'retiring' }],
  ['retiring keys once some have expired', { status: 'retiring', now: plusMs(2000) }],
  ['revoked keys', { status: 'revoked' }],
  ['expired keys, before there are any', { status: 'expired' }],
  ['expired keys, to the millisecond', { status: 'expired', now: plusMs(1000) }],
  ['expired keys, all of them', { status: 'expired', now: plusMs(2000) }],
  ['a scope', { scope: 'a' }],
  ['a scope with a wildcard of SQL in it', { scope: 'a_b' }],
  ['a scope that begins like another', { scope: 'a.b' }],
  ['a scope that no key has', { scope: 'b' }],
  ['keys unused since before they were made', { unusedSince: plusMs(0) }],
  ['keys unused since a moment at which some were', { unusedSince: plusMs(1) }],
  ['keys unused for long', { unusedSince: plusMs(50) }],
  ['keys that expire before a moment at which some do', { expiringBefore: plusMs(2000) }],
  ['keys that expire before long', { expiringBefore: plusMs(2001) }],
  ['keys made by sign-in', { createdThrough: 'sso' }],
  ['keys made by admins', { createdThrough: 'admin' }],
  ['keys that people made', { createdThrough: 'self-service' }],
  [
    'several things at once',
    { userId: owner.id, status: 'active', scope: 'a', createdThrough: 'admin', unusedSince: plusMs(9) },
  ],
]

describe.each(engines)('lists of keys on $name', (engine) => {
  let context: Awaited<ReturnType<typeof freshStorage>>
  let storage: Storage
  beforeAll(async () => {
    context = await freshStorage(engine)
    storage = context.storage
    await land(storage, (tx) => [owner, other].map((user) => storage.users.insert(tx, user)))
    await land(storage, (tx) => listed.map(({ lastUsedAt: _, ...key }) => storage.keys.insert(tx, key)))
    const uses = listed.flatMap(({ id, lastUsedAt }) =>
      lastUsedAt === null
        ? []
        : [{ keyId: id, lastUsedAt, requestCount: 3, lastAddress: '192.0.2.7', lastUserAgent: 'ci/1' }],
    )
    await storage.atomicallyUnnoticed((tx) => [storage.usage.addUses(tx, uses)])
  })
  afterAll(() => context.end())

  async function idsOfAllPages(filter: Filter, sort: KeySort, limit: number): Promise<string[]> {
    const ids: string[] = []
    let after: PageCursor | null = null
    for (let pages = 0; pages < 60; pages += 1) {
      const query = { status: 'all', now: baseTime, ...filter, sort, limit, after } as const
      const page: Awaited<ReturnType<Storage['keyLists']['page']>> = await storage.keyLists.page(query)
      ids.push(...page.rows.map(({ id }) => id))
      if (page.nextCursor === null) return ids
      expect(page.rows).toHaveLength(limit)
      after = readCursor(page.nextCursor)
    }
    throw new Error('the pages do not end')
  }

  describe.each(sorts)('by %s', (sort) => {
    test.each(filters)('of %s are complete, in order and without repeats', async (_, filter) => {
      const expected = expectedIds(filter, sort)
      expect(await idsOfAllPages(filter, sort, 5)).toEqual(expected)
      expect(await idsOfAllPages(filter, sort, 200)).toEqual(expected)
    })

    test.each([1, 2, 11, 12, 13, 47, 48])(
      'are the same at %i a page, also among equal times',
      async (limit) => {
        expect(await idsOfAllPages({}, sort, limit)).toEqual(expectedIds({}, sort))
      },
    )

    test('of nobody are empty', async () => {
      expect(await idsOfAllPages({ userId: "' OR 1=1 --" }, sort, 5)).toEqual([])
    })
  })

  test.each(filters)(
    'the ids of %s are the oldest first, and at most as many as asked for',
    async (_, filter) => {
      const whole = { status: 'all', now: baseTime, ...filter } as const
      const expected = expectedIds(filter, 'created_at')
      expect(await storage.keyLists.idsOf(whole, 100)).toEqual(expected)
      expect(await storage.keyLists.idsOf(whole, 3)).toEqual(expected.slice(0, 3))
    },
  )

  test.each(sorts)('by %s tell how each key is used, and hold no hash', async (sort) => {
    const { rows } = await storage.keyLists.page({
      status: 'all',
      now: baseTime,
      sort,
      limit: 200,
      after: null,
    })
    for (const row of rows) {
      const { lastUsedAt } = listed.find(({ id }) => id === row.id) ?? {}
      expect(row.lastUsedAt).toEqual(lastUsedAt)
      expect(row).toEqual(await storage.keys.find(row.id))
    }
    expect(rows.some(({ lastAddress }) => lastAddress === '192.0.2.7')).toBe(true)
    expect(JSON.stringify(rows)).not.toContain('argon2')
  })
})

describe.each(engines)('keys searched for on $name', (engine) => {
  let context: Awaited<ReturnType<typeof freshStorage>>
  let storage: Storage
  const users = [
    userRow({ email: 'ada_l+ci@corp.com', name: 'Zed' }),
    userRow({ email: 'adaxl@müller.de', name: 'Zed' }),
    userRow({ email: null, kind: 'service', name: 'Nightly' }),
  ]
  const [ada, muller, service] = users as [(typeof users)[0], (typeof users)[0], (typeof users)[0]]
  const keys: Record<string, ApiKey> = {
    percent: keyRow(ada, { id: 'Aa0000000001', name: '100% cover' }),
    thousand: keyRow(ada, { id: 'Aa0000000002', name: '1000 cover' }),
    backslash: keyRow(muller, { id: 'Bb0000000003', name: String.raw`share\ci_1` }),
    underscore: keyRow(muller, { id: 'Bb0000000004', name: 'share/ci-1' }),
    quote: keyRow(service, { id: 'Cc0000000005', name: `it's "the" [one]*?` }),
    unicode: keyRow(service, { id: 'Cc0000000006', name: 'Ünïcødé 日本 🔑 Key' }),
  }
  beforeAll(async () => {
    context = await freshStorage(engine)
    storage = context.storage
    await land(storage, (tx) => users.map((user) => storage.users.insert(tx, user)))
    await land(storage, (tx) => Object.values(keys).map((key) => storage.keys.insert(tx, key)))
  })
  afterAll(() => context.end())

  const found = async (search: string, filter: Filter = {}) => {
    const whole = { status: 'all', now: baseTime, ...filter, search } as const
    const page = await storage.keyLists.page({ ...whole, sort: 'created_at', limit: 50, after: null })
    const ids = page.rows.map(({ id }) => id)
    expect(await storage.keyLists.idsOf(whole, 50)).toEqual(ids)
    return Object.keys(keys).filter((name) => ids.includes(keys[name]?.id ?? ''))
  }

  test.each([
    ['cover', ['percent', 'thousand']],
    ['COVER', ['percent', 'thousand']],
    ['100%', ['percent']],
    ['%', ['percent']],
    ['100_', []],
    ['_', ['percent', 'thousand', 'backslash']],
    ['ci_1', ['backslash']],
    ['\\', ['backslash']],
    ['E\\C', ['backslash']],
    ['\\\\', []],
    ['\\%', []],
    ['\\_', []],
    ["'", ['quote']],
    ['"the"', ['quote']],
    ['[one]', ['quote']],
    ['*', ['quote']],
    ['?', ['quote']],
    ["' OR 1=1 --", []],
    ['日本', ['unicode']],
    ['🔑', ['unicode']],
    ['Ünïcødé', ['unicode']],
    ['é 日本 🔑 k', ['unicode']],
    ['ada_l', ['percent', 'thousand']],
    ['ADA_L+CI@', ['percent', 'thousand']],
    ['MÜLLER', ['backslash', 'underscore']],
    ['Aa0000000001', ['percent']],
    ['000000000', ['percent', 'thousand', 'backslash', 'underscore', 'quote', 'unicode']],
    ['zed', []],
    ['no such thing', []],
    ['x'.repeat(2000), []],
  ])('%j finds %j, by the id, the name or the owner’s address, letter by letter', async (search, names) => {
    expect(await found(search)).toEqual(names)
  })

  test.each(['aa0000000001', 'AA0000000001', 'Ünïcødé 日本 🔑 kEY'])(
    '%j finds as much on every engine, whatever is small and what is a capital in ASCII',
    async (search) => {
      expect(await found(search)).toHaveLength(1)
    },
  )

  test('is narrowed by the filters beside it', async () => {
    expect(await found('cover', { userId: ada.id })).toEqual(['percent', 'thousand'])
    expect(await found('cover', { userId: muller.id })).toEqual([])
    expect(await found('cover', { status: 'revoked' })).toEqual([])
  })
})
