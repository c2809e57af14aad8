import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { AuditFilter } from '../../src/storage/audit.ts'
import type { Storage } from '../../src/storage/storage.ts'
import { baseTime, engines, eventRow, freshStorage, keyRow, land, plusMs, userRow } from './engines.ts'

describe.each(engines)('the audit trail on $name', (engine) => {
  let context: Awaited<ReturnType<typeof freshStorage>>
  let storage: Storage
  const origin = { requestId: 'req_1', address: '192.0.2.7', userAgent: 'curl/8 ünïcødé' }
  const events = [
    eventRow({
      action: 'user.created',
      actor: 'user:usr_a',
      target: 'user:usr_a',
      email: 'a@corp.com',
      origin,
    }),
    eventRow({ at: plusMs(1), actor: 'master_key', target: 'key:k1', facts: { scopes: ['a'], n: null } }),
    eventRow({ at: plusMs(1), actor: 'master_key', target: 'key:k2', origin }),
    eventRow({ at: plusMs(2), action: 'key.revoked', actor: 'user:usr_a', target: 'key:k1' }),
  ]
  beforeAll(async () => {
    context = await freshStorage(engine)
    storage = context.storage
    for (const event of events) await land(storage, (tx) => storage.audit.record(tx, event))
  })
  afterAll(() => context.end())

  const idsOf = async (filter: Omit<AuditFilter, 'limit'>, limit = 50) =>
    (await storage.audit.find({ ...filter, limit })).map(({ event }) =>
      events.findIndex(({ id }) => id === event.id),
    )

  test('reads back as written: facts apart from personal details', async () => {
    const [row] = await storage.audit.find({ action: 'user.created', limit: 5 })
    const event = events[0]
    expect(row?.event).toEqual({
      seq: expect.any(Number),
      id: event?.id,
      at: baseTime,
      action: 'user.created',
      actor: 'user:usr_a',
      target: 'user:usr_a',
      facts: {},
      requestId: 'req_1',
    })
    expect(row?.details).toEqual({
      eventId: event?.id,
      email: 'a@corp.com',
      address: '192.0.2.7',
      userAgent: 'curl/8 ünïcødé',
      emailSalt: expect.stringMatching(/^[\w-]{22}$/),
      originSalt: expect.stringMatching(/^[\w-]{22}$/),
    })
    expect((await storage.audit.find({ target: 'key:k1', limit: 5 })).at(-1)?.event.facts).toEqual({
      scopes: ['a'],
      n: null,
    })
  })

  test('is in the order in which it was written, newest first', async () => {
    expect(await idsOf({})).toEqual([3, 2, 1, 0])
    const seqs = (await storage.audit.find({ limit: 50 })).map(({ event }) => event.seq)
    expect(new Set(seqs).size).toBe(4)
  })

  test.each<[string, Omit<AuditFilter, 'limit'>, number[]]>([
    ['action', { action: 'key.minted' }, [2, 1]],
    ['actor', { actor: 'user:usr_a' }, [3, 0]],
    ['target', { target: 'key:k1' }, [3, 1]],
    ['since, inclusive', { since: plusMs(1) }, [3, 2, 1]],
    ['until, exclusive', { until: plusMs(1) }, [0]],
    ['a span', { since: plusMs(1), until: plusMs(2) }, [2, 1]],
    ['all at once', { action: 'key.minted', actor: 'master_key', target: 'key:k2' }, [2]],
    ['SQL in a filter', { actor: "' OR 1=1 --" }, []],
    ['half an actor', { actor: 'user:usr_' }, []],
  ])('is filtered by %s', async (_, filter, found) => {
    expect(await idsOf(filter)).toEqual(found)
  })

  test('continues before a sequence number, without repeats', async () => {
    const [newest, second] = await storage.audit.find({ limit: 2 })
    expect(newest?.event.id).toBe(events[3]?.id)
    expect(await idsOf({ beforeSeq: second?.event.seq })).toEqual([1, 0])
  })

  test('takes an event once by its id: recorded again it fails, recorded once it stays as it was', async () => {
    const event = eventRow({ action: 'admin.refused', actor: 'anonymous', origin })
    const recordOnce = (change: object) =>
      storage.atomically((tx) => storage.audit.recordOnce(tx, { ...event, ...change }))
    expect(await recordOnce({})).toBe(true)
    expect(await recordOnce({ facts: { reason: 'second' }, address: '203.0.113.9' })).toBe(true)
    expect(await storage.atomically((tx) => storage.audit.record(tx, event))).toBe(false)
    const rows = await storage.audit.find({ action: 'admin.refused', limit: 5 })
    expect(rows).toHaveLength(1)
    expect(rows[0]?.event.facts).toEqual({})
    expect(rows[0]?.details?.address).toBe('192.0.2.7')
  })

  test('offers nothing that changes or deletes an event; only who and where can be blanked', () => {
    expect(Object.keys(storage.audit).sort()).toEqual([
      'bounds',
      'emailsOf',
      'eraseDetails',
      'find',
      'findForward',
      'forgetOriginsOfErased',
      'record',
      'recordMany',
      'recordOnce',
    ])
  })
})

describe.each(engines)('blanking who and where on $name', (engine) => {
  let context: Awaited<ReturnType<typeof freshStorage>>
  let storage: Storage
  beforeEach(async () => {
    context = await freshStorage(engine)
    storage = context.storage
  })
  afterEach(() => context.end())
  const origin = { requestId: 'req_1', address: '192.0.2.7', userAgent: 'curl/8' }
  const blank = { email: null, address: null, userAgent: null }

  test('takes what the user did, what was done to the user and the keys, and the addresses; no fact and no row', async () => {
    const [user, other] = [userRow(), userRow()]
    const [key, foreign] = [keyRow(user), keyRow(other)]
    await land(storage, (tx) => [
      ...[user, other].map((row) => storage.users.insert(tx, row)),
      ...[key, foreign].map((row) => storage.keys.insert(tx, row)),
    ])
    const facts = { reason: 'kept' }
    const event = (change: object) => eventRow({ origin, facts, email: 'any@corp.com', ...change })
    const theirs = [
      event({ actor: `user:${user.id}` }),
      event({ actor: 'master_key', target: `user:${user.id}` }),
      event({ actor: 'master_key', target: `key:${key.id}` }),
      event({ actor: `key:${key.id}`, target: 'rule:r1' }),
      event({ actor: 'anonymous', email: 'one@corp.com' }),
      event({ actor: 'anonymous', email: 'two@corp.com' }),
    ]
    const foreigners = [
      event({ actor: `user:${other.id}`, target: `key:${foreign.id}` }),
      event({ actor: `user:${user.id}x` }),
      event({ actor: 'anonymous', email: 'one@corp.community' }),
    ]
    for (const one of [...theirs, ...foreigners]) await land(storage, (tx) => storage.audit.record(tx, one))
    const before = await storage.audit.find({ limit: 50 })
    const emails = ['one@corp.com', 'two@corp.com']
    await land(storage, (tx) => storage.audit.eraseDetails(tx, user.id, emails))
    const after = await storage.audit.find({ limit: 50 })
    expect(after.map((row) => row.event)).toEqual(before.map((row) => row.event))
    for (const [place, { event: kept, details }] of after.entries()) {
      const isTheirs = theirs.some(({ id }) => id === kept.id)
      const was = before[place]?.details
      // From where somebody else did it is that person's detail, and stays; so is whom a user named.
      const { address, userAgent } = kept.actor === 'master_key' ? (was ?? blank) : blank
      const isNamedByThem = kept.actor === `user:${user.id}` || kept.actor === `key:${key.id}`
      const email = isNamedByThem ? was?.email : null
      // Each salt goes with what it is for.
      const emailSalt = email === null ? null : was?.emailSalt
      const originSalt = address === null ? null : was?.originSalt
      const left = { eventId: kept.id, email, address, userAgent, emailSalt, originSalt }
      expect(details, kept.actor).toEqual(isTheirs ? left : was)
    }
  })

  test('without an address takes nobody’s events that hold none', async () => {
    const anonymous = eventRow({ actor: 'anonymous', origin })
    await land(storage, (tx) => storage.audit.record(tx, anonymous))
    await land(storage, (tx) => storage.audit.eraseDetails(tx, 'usr_x', []))
    expect((await storage.audit.find({ limit: 5 }))[0]?.details?.address).toBe('192.0.2.7')
  })
})

describe.each(engines)('used sign-in attempts on $name', (engine) => {
  let context: Awaited<ReturnType<typeof freshStorage>>
  beforeAll(async () => {
    context = await freshStorage(engine)
  })
  afterAll(() => context.end())

  test('an attempt is used once, until it is forgotten', async () => {
    const { storage } = context
    const use = () => storage.atomically((tx) => [storage.attempts.use(tx, 'hash', plusMs(10))])
    const prune = (at: Date) => storage.atomically((tx) => [storage.attempts.prune(tx, at)])
    expect(await use()).toBe(true)
    expect(await use()).toBe(false)
    await prune(plusMs(10))
    expect(await use()).toBe(false)
    await prune(plusMs(11))
    expect(await use()).toBe(true)
  })

  test('of 50 uses at once one lands', async () => {
    const { storage } = context
    const results = await Promise.all(
      Array.from({ length: 50 }, () =>
        storage.atomically((tx) => [storage.attempts.use(tx, 'race', baseTime)]),
      ),
    )
    expect(results.filter((landed) => landed)).toHaveLength(1)
  })
})

describe.each(engines)('the keyring on $name', (engine) => {
  let context: Awaited<ReturnType<typeof freshStorage>>
  beforeAll(async () => {
    context = await freshStorage(engine)
  })
  afterAll(() => context.end())

  test('is listed oldest first, has each id once, and is re-wrapped only from the wrapping that was read', async () => {
    const { storage } = context
    const key = (id: string, ms: number) =>
      ({ id, purpose: 'tag', wrapped: `v1.${id}`, createdAt: plusMs(ms) }) as const
    const [newer, older] = [key('tag-2', 5), key('tag-1', 0)]
    await land(storage, (tx) => [storage.keyring.insert(tx, newer), storage.keyring.insert(tx, older)])
    expect(await storage.keyring.all()).toEqual([older, newer])
    expect(await storage.atomically((tx) => [storage.keyring.insert(tx, key('tag-1', 9))])).toBe(false)
    const rewrap = (from: typeof older, to: string) =>
      storage.atomically((tx) => [{ statement: storage.keyring.rewrap(tx, from, to), rows: 1 }])
    expect(await rewrap(older, 'v1.first')).toBe(true)
    expect(await rewrap(older, 'v1.second')).toBe(false)
    expect((await storage.keyring.all())[0]?.wrapped).toBe('v1.first')
    expect((await storage.keyring.all())[1]).toEqual(newer)
  })
})
