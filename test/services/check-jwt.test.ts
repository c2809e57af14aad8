import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { JwtCheck } from '../../src/services/check-jwt.ts'
import type { Holder } from '../../src/services/holder.ts'
import { land } from '../storage/engines.ts'
import {
  audience,
  idleSecondsMax,
  issuer,
  type JwtContext,
  type Replica,
  startJwts,
  ttlSeconds,
} from './jwt-context.ts'

let jwts: JwtContext
let replica: Replica
let other: Replica
beforeAll(async () => {
  jwts = await startJwts()
  replica = await jwts.replica()
  other = await jwts.replica()
})
afterAll(() => jwts.close())

const check = (jwt: string, asked: Partial<JwtCheck> = {}) =>
  replica.checkJwt({
    jwt,
    audience,
    scopes: [],
    groups: [],
    address: '192.0.2.7',
    userAgent: 'test/1',
    ...asked,
  })
const outcomeOf = async (jwt: string, asked: Partial<JwtCheck> = {}) => (await check(jwt, asked)).outcome
const sign = async (holder: Holder, scopes?: string[]) =>
  (await replica.signJwt(holder, { audience, ...(scopes && { scopes }) })).jwt

describe('a JWT of a key', () => {
  test('is good for its audience, with what its key carries, on every replica', async () => {
    const holder = await jwts.addKey(replica, {}, { groups: ['ops'] })
    const jwt = await sign(holder)
    for (const each of [replica, other]) {
      const verified = await each.checkJwt({
        ...nothing,
        jwt,
        audience,
        scopes: ['reports:read'],
        groups: ['ops'],
      })
      expect(verified).toMatchObject({
        outcome: 'valid',
        scopes: ['reports:read', 'reports:write'],
        holder: { kind: 'key', record: { key: { id: holder.record.key.id } } },
        claims: { iss: issuer, aud: audience, key_id: holder.record.key.id },
      })
    }
  })

  test('is for no other audience, and only a question about itself needs none', async () => {
    const jwt = await sign(await jwts.addKey(replica))
    for (const wrong of ['https://other.corp.com', `${audience}/`, '', 'https://APP.corp.com'])
      expect(await outcomeOf(jwt, { audience: wrong }), wrong).toBe('invalid_jwt')
    expect(await outcomeOf(jwt, { audience: null })).toBe('valid')
  })

  test('ends to the second, also where its signature is remembered', async () => {
    const jwt = await sign(await jwts.addKey(replica))
    expect(await outcomeOf(jwt)).toBe('valid')
    jwts.pass(ttlSeconds - 1)
    expect(await outcomeOf(jwt)).toBe('valid')
    jwts.pass(1)
    expect(await outcomeOf(jwt)).toBe('invalid_jwt')
  })

  test('dies with its key: revoked through another replica, it is refused the next time, and the reason is told', async () => {
    const holder = await jwts.addKey(replica)
    const jwt = await sign(holder)
    expect(await outcomeOf(jwt)).toBe('valid')
    await land(other.storage, (tx) => [other.storage.keys.revoke(tx, holder.record.key.id, jwts.now())])
    await other.storage.confirmChanges()
    expect(await outcomeOf(jwt)).toBe('revoked_key')
    expect(await outcomeOf(jwt, { audience: null })).toBe('revoked_key')
  })

  test.each([
    ['user_disabled', `UPDATE users SET status = 'disabled' WHERE id = ?`],
    [
      'owner_not_allowed',
      `INSERT INTO access_rules SELECT 'r' || id, 'deny_email', 'google', email, NULL, 'x', created_at FROM users WHERE id = ?`,
    ],
    ['expired_key', `UPDATE api_keys SET expires_at = created_at WHERE user_id = ?`],
    ['not_allowed', `UPDATE api_keys SET allowed_addresses = '["198.51.100.0/24"]' WHERE user_id = ?`],
  ])('is refused as its key would be: %s', async (outcome, statement) => {
    const holder = await jwts.addKey(replica)
    const jwt = await sign(holder)
    expect(await outcomeOf(jwt)).toBe('valid')
    await jwts.database.change(statement, holder.record.owner.id)
    expect(await outcomeOf(jwt)).toBe(outcome)
  })

  test('is good from nowhere where the address is not known and the key names some, but may be asked about', async () => {
    const jwt = await sign(await jwts.addKey(replica, { allowedAddresses: ['198.51.100.0/24'] }))
    expect(await outcomeOf(jwt, { address: null })).toBe('not_allowed')
    expect(await outcomeOf(jwt, { address: '198.51.100.7' })).toBe('valid')
    expect(await outcomeOf(jwt, { address: null, audience: null })).toBe('valid')
  })

  test('opens what it was made for and its key carries now, and no more', async () => {
    const holder = await jwts.addKey(replica)
    const [whole, narrow] = [await sign(holder), await sign(holder, ['reports:read'])]
    expect(await outcomeOf(whole, { scopes: ['reports:write'] })).toBe('valid')
    expect(await outcomeOf(narrow, { scopes: ['reports:read'] })).toBe('valid')
    expect(await outcomeOf(narrow, { scopes: ['reports:write'] })).toBe('insufficient_scope')
    expect(await outcomeOf(whole, { scopes: ['reports:read'] })).toBe('valid')
    expect(await outcomeOf(whole, { groups: ['ops'] })).toBe('forbidden')
    await jwts.database.change(
      `UPDATE users SET scope_limit = '["reports:read"]' WHERE id = ?`,
      holder.record.owner.id,
    )
    expect(await outcomeOf(whole, { scopes: ['reports:write'] })).toBe('insufficient_scope')
    expect(await check(whole)).toMatchObject({ outcome: 'valid', scopes: ['reports:read'] })
  })

  test('takes from the limit of its key, and counts as a use of it; a question takes nothing', async () => {
    const holder = await jwts.addKey(replica, { rateLimit: { limit: 2, window_seconds: 3600 } })
    const jwt = await sign(holder)
    const refused = await check(jwt, { audience: 'https://other.corp.com' })
    expect(refused.outcome).toBe('invalid_jwt')
    for (let questions = 0; questions < 5; questions += 1) await check(jwt, { audience: null })
    const outcomes = [await check(jwt), await check(jwt), await check(jwt)]
    expect(outcomes.map(({ outcome }) => outcome)).toEqual(['valid', 'valid', 'rate_limited'])
    expect(outcomes.map((each) => ('rate' in each ? each.rate?.remaining : null))).toEqual([1, 0, 0])
    await replica.usage.flush()
    expect(await replica.storage.keys.find(holder.record.key.id)).toMatchObject({
      requestCount: 2,
      lastAddress: '192.0.2.7',
      lastUserAgent: 'test/1',
    })
  })

  test('is refused to every request that begins after the revocation was acknowledged, while hundreds run', async () => {
    const holder = await jwts.addKey(replica)
    const jwt = await sign(holder)
    const running: Promise<string>[] = []
    let isRevoked = false
    const revoking = land(other.storage, (tx) => [
      other.storage.keys.revoke(tx, holder.record.key.id, jwts.now()),
    ])
      .then(() => other.storage.confirmChanges())
      .then(() => {
        isRevoked = true
      })
    while (!isRevoked) {
      running.push(outcomeOf(jwt))
      await new Promise((resolve) => setImmediate(resolve))
    }
    await revoking
    const after = await Promise.all(Array.from({ length: 200 }, () => outcomeOf(jwt)))
    expect(new Set(after)).toEqual(new Set(['revoked_key']))
    for (const outcome of await Promise.all(running)) expect(['valid', 'revoked_key']).toContain(outcome)
  })

  test('of a key that is gone is none', async () => {
    const holder = await jwts.addKey(replica)
    const jwt = await sign(holder)
    expect(await outcomeOf(jwt)).toBe('valid')
    await jwts.database.change('DELETE FROM api_keys WHERE id = ?', holder.record.key.id)
    expect(await outcomeOf(jwt)).toBe('invalid_jwt')
  })
})

describe('a JWT of a session', () => {
  test('is good while the session is, with groups and without scopes', async () => {
    const holder = await jwts.addSession(replica, { groups: ['ops'] })
    const jwt = await sign(holder, ['reports:read'])
    expect(await check(jwt, { groups: ['ops'] })).toMatchObject({
      outcome: 'valid',
      scopes: [],
      rate: null,
      holder: { kind: 'session', session: { id: holder.session.id } },
      claims: { sid: holder.session.id, scope: '' },
    })
    expect(await outcomeOf(jwt, { scopes: ['reports:read'] })).toBe('insufficient_scope')
    expect(await outcomeOf(jwt, { groups: ['finance'] })).toBe('forbidden')
  })

  test('dies with it: ended through another replica, it is refused the next time', async () => {
    const holder = await jwts.addSession(replica)
    const jwt = await sign(holder)
    expect(await outcomeOf(jwt)).toBe('valid')
    await land(other.storage, (tx) => [other.storage.sessions.end(tx, holder.session.id)])
    await other.storage.confirmChanges()
    expect(await outcomeOf(jwt)).toBe('invalid_jwt')
  })

  test('ends when the session was idle too long: a JWT is no use of it', async () => {
    const holder = await jwts.addSession(replica)
    for (let left = idleSecondsMax - 60; left > 0; left -= 60) {
      expect(await outcomeOf(await sign(holder))).toBe('valid')
      jwts.pass(60)
    }
    const jwt = await sign(holder)
    expect(await outcomeOf(jwt)).toBe('valid')
    jwts.pass(60)
    expect(await outcomeOf(jwt)).toBe('invalid_jwt')
  })

  test.each([
    ['user_disabled', `UPDATE users SET status = 'disabled' WHERE id = ?`],
    [
      'owner_not_allowed',
      `INSERT INTO access_rules SELECT 's' || id, 'deny_email', 'google', email, NULL, 'x', created_at FROM users WHERE id = ?`,
    ],
  ])('is refused as its user would be: %s', async (outcome, statement) => {
    const holder = await jwts.addSession(replica)
    const jwt = await sign(holder)
    expect(await outcomeOf(jwt)).toBe('valid')
    await jwts.database.change(statement, holder.user.id)
    expect(await check(jwt)).toEqual({ outcome, sessionId: holder.session.id })
  })
})

const nothing = { scopes: [], groups: [], address: null, userAgent: undefined }
