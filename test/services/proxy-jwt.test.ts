import { decodeJwt } from 'jose'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Holder } from '../../src/services/holder.ts'
import { createProxyJwt, type ProxyJwt } from '../../src/services/proxy-jwt.ts'
import type { SignJwt } from '../../src/services/sign-jwt.ts'
import { audience, type JwtContext, type Replica, startJwts } from './jwt-context.ts'

describe('the JWT that goes to an app', () => {
  let jwts: JwtContext
  let replica: Replica
  let signatures: number
  let proxyJwt: ProxyJwt
  beforeEach(async () => {
    jwts = await startJwts()
    replica = await jwts.replica()
    signatures = 0
    const signJwt: SignJwt = (...asked) => {
      signatures += 1
      return replica.signJwt(...asked)
    }
    proxyJwt = createProxyJwt({ signJwt, now: jwts.now })
  })
  afterEach(() => jwts.close())
  /** As it would be read again after a change. */
  const withOwner = (holder: Holder & { kind: 'key' }, change: object): Holder => ({
    kind: 'key',
    record: { ...holder.record, owner: { ...holder.record.owner, ...change } },
  })

  test('costs one signature for a key and a minute, however many requests come at once and one by one', async () => {
    const holder = await jwts.addKey(replica)
    const together = await Promise.all(Array.from({ length: 200 }, () => proxyJwt(holder, audience)))
    expect(new Set(together).size).toBe(1)
    for (let seconds = 0; seconds < 59; seconds += 1) {
      jwts.pass(1)
      expect(await proxyJwt(holder, audience)).toBe(together[0])
    }
    expect(signatures).toBe(1)
    jwts.pass(1)
    const next = await proxyJwt(holder, audience)
    expect(next).not.toBe(together[0])
    expect(signatures).toBe(2)
    // Whoever gets one lives with it for some minutes.
    expect(decodeJwt(next).exp! * 1000 - jwts.now().getTime()).toBeGreaterThan(200_000)
  })

  test('costs one for a session, though each request reads the session anew', async () => {
    const { session, user } = await jwts.addSession(replica)
    for (let requests = 0; requests < 20; requests += 1)
      await proxyJwt({ kind: 'session', session: { ...session }, user: { ...user } }, audience)
    expect(signatures).toBe(1)
  })

  const shown = (scopes: readonly string[], seconds: number) => ({
    scopes,
    endsAt: new Date(jwts.now().getTime() + seconds * 1000),
  })

  test('is another for each key, app and set of scopes', async () => {
    const [holder, other] = [await jwts.addKey(replica), await jwts.addKey(replica)]
    const made = [
      await proxyJwt(holder, audience),
      await proxyJwt(other, audience),
      await proxyJwt(holder, 'https://other.corp.com'),
      await proxyJwt(holder, audience, shown(['reports:read'], 60)),
    ]
    expect(new Set(made).size).toBe(4)
    expect(made.map((jwt) => decodeJwt(jwt).aud)).toEqual([
      audience,
      audience,
      'https://other.corp.com',
      audience,
    ])
    expect(decodeJwt(made[3]!).scope).toBe('reports:read')
    // What the key does not carry makes no other one.
    expect(await proxyJwt(holder, audience, shown(['reports:read', 'more'], 60))).toBe(made[3])
    expect(signatures).toBe(4)
  })

  test.each([
    ['name', { name: 'Ada Changed' }],
    ['address', { email: 'other@corp.com' }],
    ['role', { role: 'admin' }],
    ['groups', { groups: ['ops'] }],
    ['limit of scopes', { scopeLimit: ['reports:read'] }],
  ])('is another at once where the owner has another %s', async (_, change) => {
    const holder = await jwts.addKey(replica)
    const before = await proxyJwt(holder, audience)
    expect(await proxyJwt(withOwner(holder, change), audience)).not.toBe(before)
  })

  test('never outlives its key', async () => {
    const holder = await jwts.addKey(replica, { expiresAt: new Date(jwts.now().getTime() + 90_000) })
    const { iat, exp } = decodeJwt(await proxyJwt(holder, audience))
    expect(exp! - iat!).toBe(90)
  })

  test('for a JWT that was shown ends when that one does, however often it is asked for', async () => {
    const holder = await jwts.addKey(replica)
    const first = shown(['reports:read'], 100)
    for (let seconds = 0; seconds < 100; seconds += 20) {
      const { exp } = decodeJwt(await proxyJwt(holder, audience, first))
      expect(exp).toBe(Math.floor(first.endsAt.getTime() / 1000))
      jwts.pass(20)
    }
    const longer = decodeJwt(await proxyJwt(holder, audience, shown(['reports:read'], 86_400)))
    expect(longer.exp! - longer.iat!).toBe(300)
  })

  test('that could not be signed is tried again by the next request', async () => {
    const holder = await jwts.addKey(replica)
    let isDown = true
    const flaky = createProxyJwt({
      signJwt: async (...asked) => {
        if (isDown) throw new Error('the database is away')
        return replica.signJwt(...asked)
      },
      now: jwts.now,
    })
    await expect(flaky(holder, audience)).rejects.toThrow('away')
    isDown = false
    expect(decodeJwt(await flaky(holder, audience)).aud).toBe(audience)
  })
})
