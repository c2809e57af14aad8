import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Grantor } from '../../src/domain/granting.ts'
import { createMakeOnce } from '../../src/services/make-once.ts'
import { createMintKey } from '../../src/services/mint-key.ts'
import { createMintOwnKey } from '../../src/services/mint-own-key.ts'
import { createRotateKey } from '../../src/services/rotate-key.ts'
import type { Statement, Writer } from '../../src/storage/query.ts'
import { openStorage, type Storage } from '../../src/storage/storage.ts'
import { sessionRow } from '../storage/access-rows.ts'
import { baseTime, engines, keyRow, land, userRow } from '../storage/engines.ts'

const origin = { requestId: 'req', address: null, userAgent: null }

describe.each(engines)('who is no admin any more when the hash of a key is made, on $name', (engine) => {
  let database: Awaited<ReturnType<typeof engine.create>>
  let storage: Storage
  const now = () => baseTime
  const admin = userRow({ role: 'admin' })
  const owner = userRow()
  const adminKey = keyRow(admin, { scopes: ['keydesk:admin'] })
  const old = keyRow(owner)
  const [adminsSession, ownersSession] = [sessionRow(admin), sessionRow(owner)]
  beforeEach(async () => {
    database = await engine.create()
    storage = await openStorage(database.url)
    await land(storage, (tx) => [
      storage.users.insert(tx, admin),
      storage.users.insert(tx, owner),
      storage.keys.insert(tx, adminKey),
      storage.keys.insert(tx, old),
      storage.sessions.insert(tx, adminsSession),
      storage.sessions.insert(tx, ownersSession),
    ])
  })
  afterEach(async () => {
    await storage.close()
    await database.drop()
  })

  const bySession: Grantor = {
    actor: `user:${admin.id}`,
    role: 'admin',
    ownScopes: null,
    sessionId: adminsSession.id,
  }
  const byKey: Grantor = { actor: `key:${adminKey.id}`, role: 'admin', ownScopes: ['keydesk:admin'] }
  const disable = (tx: Writer) => [storage.users.update(tx, { ...admin, status: 'disabled' })]
  const demote = (tx: Writer) => [storage.users.update(tx, { ...admin, role: 'member' })]
  const revoke = (tx: Writer) => [storage.keys.revoke(tx, adminKey.id, baseTime)]

  /** Mints and rotates, and answers how often that was done: two at most. */
  async function made(grantor: Grantor, meanwhile: (tx: Writer) => Statement[]): Promise<number> {
    let isDone = false
    const makeKey = async () => {
      if (!isDone) await land(storage, meanwhile)
      isDone = true
      const { id, secretHash } = keyRow(owner)
      return { id, secretHash, text: 'shown once' }
    }
    const parts = { storage, makeKey, makeOnce: createMakeOnce({ storage, now }), now }
    const limits = { metadata: {}, expiresAt: null, rateLimit: null, allowedAddresses: null }
    const request = { userId: owner.id, name: 'late', scopes: [], ...limits }
    const results = [
      await createMintKey(parts)(request, 'admin', grantor, origin).catch((error: unknown) => error),
      await createRotateKey(parts)(old.id, { quietSeconds: 1, graceSeconds: 1 }, grantor, origin).catch(
        (error: unknown) => error,
      ),
    ]
    const refused = results.filter((result) => (result as { code?: string }).code === 'conflict').length
    expect(await storage.audit.find({ action: 'key.minted', limit: 5 })).toHaveLength(2 - refused)
    return 2 - refused
  }

  test.each([
    ['a disabled admin', bySession, disable],
    ['a demoted admin', bySession, demote],
    ['the key of a disabled admin', byKey, disable],
    ['the key of a demoted admin', byKey, demote],
    ['a revoked key', byKey, revoke],
    ['an ended session', bySession, (tx: Writer) => [storage.sessions.endOfUser(tx, admin.id)]],
  ])('%s makes no key', async (_, grantor, meanwhile) => {
    expect(await made(grantor, meanwhile)).toBe(0)
  })

  test.each([
    ['that was ended meanwhile', true],
    ['that is there still', false],
  ])('a session %s: whether it makes a key of its owner', async (_, isEnded) => {
    const makeKey = async () => {
      if (isEnded) await land(storage, (tx) => [storage.sessions.endOfUser(tx, owner.id)])
      const { id, secretHash } = keyRow(owner)
      return { id, secretHash, text: 'shown once' }
    }
    const parts = { storage, makeKey, makeOnce: createMakeOnce({ storage, now }), now }
    const mintOwnKey = createMintOwnKey({ ...parts, offer: { scopes: [], perUserMax: 5 } })
    const actor = `user:${owner.id}` as const
    const grantor: Grantor = { actor, role: 'member', ownScopes: null, sessionId: ownersSession.id }
    const request = { name: 'late', scopes: [], lifetimeDays: 7 }
    const once = { actor, route: 'POST /account/keys', name: 'once', bodyHash: 'x' }
    const minting = mintOwnKey(owner.id, request, grantor, origin, once)
    if (isEnded) await expect(minting).rejects.toMatchObject({ code: 'conflict' })
    else expect((await minting).keyText).toBe('shown once')
    expect(await storage.audit.find({ action: 'key.minted', limit: 5 })).toHaveLength(isEnded ? 0 : 1)
  })

  test('whoever is one still does', async () => {
    expect(await made(bySession, () => [])).toBe(2)
  })

  test('so does the key of an admin', async () => {
    expect(await made(byKey, () => [])).toBe(2)
  })

  test('the master key asks nobody', async () => {
    expect(await made({ actor: 'master_key', role: 'admin', ownScopes: null }, disable)).toBe(2)
  })
})
