import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Storage } from '../../src/storage/storage.ts'
import { baseTime, engines, freshStorage, identityRow, keyRow, land, plusMs, userRow } from './engines.ts'

describe.each(engines)('users and identities on $name', (engine) => {
  let context: Awaited<ReturnType<typeof freshStorage>>
  let storage: Storage
  beforeAll(async () => {
    context = await freshStorage(engine)
    storage = context.storage
  })
  afterAll(() => context.end())

  const insertUser = async (change: Parameters<typeof userRow>[0] = {}) => {
    const user = userRow(change)
    await land(storage, (tx) => [storage.users.insert(tx, user)])
    return user
  }
  const once = (statement: Parameters<Storage['atomically']>[0]) => storage.atomically(statement)

  test('a user reads back as written, by id and by email, to the millisecond and to the letter', async () => {
    const full = await insertUser({
      groups: ['eng', 'ünïcødé'],
      scopeLimit: ['a', 'b'],
      role: 'admin',
      kind: 'service',
      picture: 'https://pictures.test/a.png',
    })
    const bare = await insertUser({ email: null, name: null, scopeLimit: null })
    expect(await storage.users.find(full.id)).toEqual(full)
    expect(await storage.identities.holdersOf(full.email ?? '')).toEqual([full.id])
    expect(await storage.users.find(bare.id)).toEqual(bare)
    expect((await storage.users.find((await insertUser({ scopeLimit: [] })).id))?.scopeLimit).toEqual([])
  })

  test('unknown ids and emails are null, whatever is in them', async () => {
    for (const text of ['', 'usr_', "' OR 1=1 --", '%', 'x'.repeat(100_000), 'é', '"']) {
      expect(await storage.users.find(text)).toBeNull()
      expect(await storage.identities.holdersOf(text)).toEqual([])
    }
  })

  test('an email belongs to one user, but any number of users have none', async () => {
    const user = await insertUser()
    expect(await once((tx) => [storage.users.insert(tx, userRow({ email: user.email }))])).toBe(false)
    await insertUser({ email: null })
    await insertUser({ email: null })
  })

  test('a profile is replaced once for a version: the second of two changes finds nothing', async () => {
    const user = await insertUser()
    const change = { ...user, name: 'Grace', role: 'admin' as const, updatedAt: plusMs(1000) }
    const update = () => once((tx) => [{ statement: storage.users.updateProfile(tx, change), rows: 1 }])
    expect(await update()).toBe(true)
    expect(await storage.users.find(user.id)).toEqual({ ...change, version: 2 })
    expect(await update()).toBe(false)
  })

  test('the profile of a disabled user is not replaced, and the user counts as not active', async () => {
    const user = await insertUser({ status: 'disabled' })
    expect(await once((tx) => [{ statement: storage.users.updateProfile(tx, user), rows: 1 }])).toBe(false)
    expect(await once((tx) => [{ statement: storage.users.requireActive(tx, user.id), rows: 1 }])).toBe(false)
  })

  test('requiring an active user changes nothing', async () => {
    const user = await insertUser()
    expect(await once((tx) => [{ statement: storage.users.requireActive(tx, user.id), rows: 1 }])).toBe(true)
    expect(await storage.users.find(user.id)).toEqual(user)
    expect(await once((tx) => [{ statement: storage.users.requireActive(tx, 'usr_x'), rows: 1 }])).toBe(false)
  })

  test('the number of live keys made by sign-in is bounded: revoked, expired and other keys do not count', async () => {
    const user = await insertUser()
    const other = await insertUser()
    const keys = [
      keyRow(user),
      keyRow(user, { expiresAt: plusMs(1) }),
      keyRow(user, { expiresAt: baseTime }),
      keyRow(user, { expiresAt: plusMs(-1) }),
      keyRow(user, { revokedAt: baseTime }),
      keyRow(user, { createdThrough: 'admin' }),
      keyRow(other),
    ]
    await land(storage, (tx) => keys.map((key) => storage.keys.insert(tx, key)))
    expect(await storage.keys.countLiveThrough(user.id, 'sso', baseTime)).toBe(2)
    const below = (max: number, at = baseTime) =>
      once((tx) => [{ statement: storage.users.requireKeysBelow(tx, user.id, 'sso', max, at), rows: 1 }])
    expect(await below(3)).toBe(true)
    expect(await below(2)).toBe(false)
    expect(await below(2, plusMs(1))).toBe(true)
    expect(await storage.users.find(user.id)).toEqual(user)
  })

  test('an identity is found with its user by issuer and subject, both to the letter', async () => {
    const user = await insertUser()
    const identity = identityRow(user, { hd: 'corp.com', subject: 'Abc' })
    await land(storage, (tx) => [storage.identities.insert(tx, identity)])
    expect(await storage.identities.findWithUser(identity.issuer, 'Abc')).toEqual({ identity, user })
    expect(await storage.identities.findWithUser(identity.issuer, 'abc')).toBeNull()
    expect(await storage.identities.findWithUser(`${identity.issuer}/`, 'Abc')).toBeNull()
    expect(await storage.identities.findWithUser(identity.issuer, "' OR '1'='1")).toBeNull()
  })

  test('(issuer, subject) is known once; the same subject at another issuer is somebody else', async () => {
    const [user, other] = [await insertUser(), await insertUser()]
    const identity = identityRow(user)
    await land(storage, (tx) => [storage.identities.insert(tx, identity)])
    const again = identityRow(other, { subject: identity.subject })
    expect(await once((tx) => [storage.identities.insert(tx, again)])).toBe(false)
    const elsewhere = { ...again, issuer: 'https://idp.test' }
    expect(await once((tx) => [storage.identities.insert(tx, elsewhere)])).toBe(true)
  })

  test('an identity without its user is refused', async () => {
    await expect(once((tx) => [storage.identities.insert(tx, identityRow(userRow()))])).rejects.toMatchObject(
      {
        code: 'unavailable',
      },
    )
  })

  test('the latest sign-in updates the identity and nothing else; identities are listed oldest first', async () => {
    const user = await insertUser()
    const older = identityRow(user)
    const newer = identityRow(user, { issuer: 'https://idp.test', createdAt: plusMs(5) })
    await land(storage, (tx) => [storage.identities.insert(tx, newer), storage.identities.insert(tx, older)])
    const latest = {
      provider: 'renamed',
      email: 'new@corp.com',
      emailVerified: false,
      hd: 'corp.com',
      lastSignInAt: plusMs(9),
    }
    await land(storage, (tx) => [storage.identities.updateLastSignIn(tx, { id: older.id, ...latest })])
    expect(await storage.identities.ofUser(user.id)).toEqual([{ ...older, ...latest }, newer])
    expect(await storage.identities.ofUser('usr_x')).toEqual([])
  })
})
