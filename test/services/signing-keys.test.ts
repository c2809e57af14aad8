import { randomBytes } from 'node:crypto'
import { decodeProtectedHeader } from 'jose'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Grantor } from '../../src/domain/granting.ts'
import { openKeyring } from '../../src/services/open-keyring.ts'
import { audience, type JwtContext, type Replica, startJwts, ttlSeconds } from './jwt-context.ts'

const day = 86_400
const origin = { requestId: 'req', address: null, userAgent: null }
const grantor: Grantor = { actor: 'master_key', role: 'admin', ownScopes: null }

let jwts: JwtContext
beforeEach(async () => {
  jwts = await startJwts()
})
afterEach(() => jwts.close())

const kidOf = async ({ signJwt }: Replica, holder: Parameters<Replica['signJwt']>[0]) =>
  decodeProtectedHeader((await signJwt(holder, { audience })).jwt).kid
const statesOf = async ({ signingKeys }: Replica) => {
  const { keys, signing } = await signingKeys.fresh()
  return keys.map(({ id }) => (id === signing?.id ? `${id} signs` : id))
}
const rowsOf = async ({ storage }: Replica) =>
  (await storage.keyring.all()).filter(({ purpose }) => purpose === 'jwt')

describe('the keys that sign JWTs', () => {
  test('are made once when three replicas start at once, and all sign with the same one', async () => {
    const replicas = await Promise.all([jwts.replica(), jwts.replica(), jwts.replica()])
    const [first] = replicas
    const holder = await jwts.addKey(first)
    for (const replica of replicas) expect(await statesOf(replica)).toEqual(['jwt-1 signs'])
    const kids = await Promise.all(replicas.map((replica) => kidOf(replica, holder)))
    expect(new Set(kids).size).toBe(1)
    const made = await jwts.trail(first, 'keyring.created')
    expect(made.map(({ target }) => target).sort()).toEqual([
      'keyring:audit-1',
      'keyring:jwt-1',
      'keyring:tag-1',
    ])
  })

  test('are wrapped: neither a row nor the audit trail shows a private member', async () => {
    const replica = await jwts.replica()
    const [row] = await rowsOf(replica)
    expect(row?.wrapped).toMatch(/^v1\.[\w-]+$/)
    const [event] = await jwts.trail(replica, 'keyring.created')
    const { keys } = await replica.signingKeys.fresh()
    const shown = JSON.stringify([row, event, keys])
    expect(shown).not.toMatch(/"(d|p|q|dp|dq|qi|oth|k)":/)
    await expect(crypto.subtle.exportKey('jwk', keys[0]!.privateKey)).rejects.toThrow()
  })

  test('a rotation through one replica is known to another the next time it signs, and to who reads the keys', async () => {
    const [one, other] = [await jwts.replica(), await jwts.replica()]
    const holder = await jwts.addKey(one)
    const before = await kidOf(other, holder)
    const made = await one.rotateSigningKey(grantor, origin)
    expect(await kidOf(other, holder)).toBe(made.kid)
    expect(made.kid).not.toBe(before)
    expect(await statesOf(other)).toEqual(['jwt-1', 'jwt-2 signs'])
    const [event] = await jwts.trail(one, 'keyring.rotated')
    expect(event).toMatchObject({
      actor: 'master_key',
      target: 'keyring:jwt-2',
      facts: { alg: 'ES256', replaces: 'jwt-1', because: 'asked' },
    })
  })

  test('of two that are asked for at once, on two replicas, one is made, and both answer with it', async () => {
    const [one, other] = [await jwts.replica(), await jwts.replica()]
    const [first, second] = await Promise.all([
      one.rotateSigningKey(grantor, origin),
      other.rotateSigningKey(grantor, origin),
    ])
    expect(first.kid).toBe(second.kid)
    expect(await statesOf(one)).toEqual(['jwt-1', 'jwt-2 signs'])
    expect(await jwts.trail(one, 'keyring.rotated')).toHaveLength(1)
  })

  test('who was demoted meanwhile rotates nothing', async () => {
    const replica = await jwts.replica()
    const { record } = await jwts.addKey(replica)
    const asked = replica.rotateSigningKey({ ...grantor, actor: `user:${record.owner.id}` }, origin)
    await expect(asked).rejects.toMatchObject({ code: 'conflict' })
    expect(await statesOf(replica)).toEqual(['jwt-1 signs'])
  })

  test('are replaced by age, once by all replicas together', async () => {
    const replicas = [await jwts.replica(), await jwts.replica()]
    jwts.pass(90 * day - 1)
    await Promise.all(replicas.map((replica) => replica.keepSigningKeys()))
    expect(await statesOf(replicas[0]!)).toEqual(['jwt-1 signs'])
    jwts.pass(1)
    await Promise.all(replicas.map((replica) => replica.keepSigningKeys()))
    for (const replica of replicas) expect(await statesOf(replica)).toEqual(['jwt-1', 'jwt-2 signs'])
    const [event] = await jwts.trail(replicas[0]!, 'keyring.rotated')
    expect(event).toMatchObject({ actor: 'system', facts: { replaces: 'jwt-1', because: 'age' } })
  })

  test('are accepted for one life of a JWT and a minute after their successor was made, and removed then', async () => {
    const replica = await jwts.replica()
    const holder = await jwts.addKey(replica)
    const made = (await replica.signJwt(holder, { audience })).jwt
    const check = async (jwt: string) => (await replica.checkJwt({ ...nobody, jwt })).outcome
    await replica.rotateSigningKey(grantor, origin)
    const last = (await replica.signJwt(holder, { audience })).jwt
    jwts.pass(ttlSeconds - 1)
    await replica.keepSigningKeys()
    expect(await check(made)).toBe('valid')
    jwts.pass(60)
    await replica.keepSigningKeys()
    expect(await statesOf(replica)).toEqual(['jwt-1', 'jwt-2 signs'])
    jwts.pass(1)
    await Promise.all([replica.keepSigningKeys(), (await jwts.replica()).keepSigningKeys()])
    expect(await statesOf(replica)).toEqual(['jwt-2 signs'])
    expect(await check(last)).toBe('invalid_jwt')
    const removed = await jwts.trail(replica, 'keyring.removed')
    expect(removed.map(({ actor, target }) => [actor, target])).toEqual([['system', 'keyring:jwt-1']])
    // The number is not given again.
    expect((await replica.rotateSigningKey(grantor, origin)).id).toBe('jwt-3')
  })

  test('of another algorithm are made at the next start, and what the one before has signed stays good', async () => {
    const before = await jwts.replica()
    const holder = await jwts.addKey(before)
    const { jwt } = await before.signJwt(holder, { audience })
    const after = await jwts.replica({ jwtAlg: 'RS256' })
    expect(decodeProtectedHeader((await after.signJwt(holder, { audience })).jwt).alg).toBe('RS256')
    expect((await after.checkJwt({ ...nobody, jwt })).outcome).toBe('valid')
    const jwks = (await after.signingKeys.fresh()).keys.map(({ publicJwk }) => publicJwk)
    expect(jwks.map((key) => Object.keys(key).sort())).toEqual([
      ['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y'],
      ['alg', 'e', 'kid', 'kty', 'n', 'use'],
    ])
    // And back: a key that is on its way out signs no more.
    const again = await jwts.replica()
    expect(await statesOf(again)).toEqual(['jwt-1', 'jwt-2', 'jwt-3 signs'])
  })
})

describe('the keys that sign JWTs, while the master key changes', () => {
  test('are re-wrapped at the start, and sign on', async () => {
    const before = await jwts.replica()
    const holder = await jwts.addKey(before)
    const { jwt } = await before.signJwt(holder, { audience })
    const wrapKey = randomBytes(32)
    const after = await jwts.replica({ wrapKey, previousWrapKey: jwts.firstWrapKey })
    expect(await kidOf(after, holder)).toBe(decodeProtectedHeader(jwt).kid)
    const rewrapped = await jwts.trail(after, 'keyring.rewrapped')
    expect(rewrapped.map(({ target }) => target)).toContain('keyring:jwt-1')
    const alone = await jwts.replica({ wrapKey })
    expect((await alone.checkJwt({ ...nobody, jwt })).outcome).toBe('valid')
    // A replica that runs with the old one still knows the key that it had opened.
    expect((await before.checkJwt({ ...nobody, jwt })).outcome).toBe('valid')
    expect(await kidOf(before, holder)).toBe(decodeProtectedHeader(jwt).kid)
  })

  test('one that a replica with the new one made says "unavailable" where it cannot be opened, and never "invalid"', async () => {
    const before = await jwts.replica()
    const holder = await jwts.addKey(before)
    const after = await jwts.replica({ wrapKey: randomBytes(32), previousWrapKey: jwts.firstWrapKey })
    await after.rotateSigningKey(grantor, origin)
    const { jwt } = await after.signJwt(holder, { audience })
    await expect(before.checkJwt({ ...nobody, jwt })).rejects.toMatchObject({ code: 'unavailable' })
    // And it makes no key of its own against the other.
    await before.keepSigningKeys()
    expect(await rowsOf(before)).toHaveLength(2)
  })

  test('a replica that cannot open the next one signs nothing that outlives its own', async () => {
    const before = await jwts.replica()
    const holder = await jwts.addKey(before)
    const after = await jwts.replica({ wrapKey: randomBytes(32), previousWrapKey: jwts.firstWrapKey })
    await after.rotateSigningKey(grantor, origin)
    jwts.pass(ttlSeconds)
    const { jwt, expiresAt } = await before.signJwt(holder, { audience })
    expect(expiresAt.getTime() - jwts.now().getTime()).toBeLessThanOrEqual(60_000)
    jwts.pass(59)
    expect((await after.checkJwt({ ...nobody, jwt })).outcome).toBe('valid')
    jwts.pass(1)
    await expect(before.signJwt(holder, { audience })).rejects.toMatchObject({ code: 'unavailable' })
  })

  test('one that was moved to another place of the keyring stops the start', async () => {
    const replica = await jwts.replica()
    const [row] = await rowsOf(replica)
    await replica.storage.atomically((tx) => [replica.storage.keyring.insert(tx, { ...row!, id: 'jwt-2' })])
    const { storage } = replica
    const start = openKeyring({ storage, wrapKey: jwts.firstWrapKey, previousWrapKey: null, now: jwts.now })
    await expect(start).rejects.toMatchObject({ code: 'unavailable' })
  })
})

const nobody = { audience: null, scopes: [], groups: [], address: null, userAgent: undefined }
