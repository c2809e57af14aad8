import { describe, expect, test } from 'vitest'
import { judgeKey, keyStatus } from '../../src/domain/key-status.ts'

const now = new Date('2027-03-01T10:00:00.000Z')
const before = new Date(now.getTime() - 1)
const after = new Date(now.getTime() + 1)
const goodKey = { revokedAt: null, expiresAt: null, scopes: ['a', 'b'] }
const goodOwner = { status: 'active', scopeLimit: null, role: 'member', groups: ['eng', 'ops'] }
const rights = { isAllowed: true, leaseUntil: null }
const nothing = { isAddressAllowed: true, scopes: [], groups: [] }

describe('the status of a key', () => {
  test.each([
    ['active', { revokedAt: null, expiresAt: null }],
    ['active', { revokedAt: null, expiresAt: after }],
    ['expired', { revokedAt: null, expiresAt: now }],
    ['expired', { revokedAt: null, expiresAt: before }],
    ['revoked', { revokedAt: before, expiresAt: null }],
    ['revoked', { revokedAt: before, expiresAt: before }],
    ['revoked', { revokedAt: after, expiresAt: null }],
  ])('is %s for %j', (status, key) => {
    expect(keyStatus(key, now)).toBe(status)
  })
})

describe('the judgement on a proven key', () => {
  test.each([
    [
      'everything wrong: revoked comes first',
      { revokedAt: before, expiresAt: before },
      'disabled',
      'revoked_key',
    ],
    ['a disabled owner before the expiry', { expiresAt: before }, 'disabled', 'user_disabled'],
    ['a disabled owner', {}, 'disabled', 'user_disabled'],
    ['an owner with a status that this version does not know', {}, 'suspended', 'user_disabled'],
    ['an owner with an empty status', {}, '', 'user_disabled'],
    ['expired before scopes', { expiresAt: now, scopes: [] }, 'active', 'expired_key'],
    ['a scope missing', { scopes: ['a'] }, 'active', 'insufficient_scope'],
    ['all scopes there', {}, 'active', null],
  ])('%s', (_, key, status, refusal) => {
    const demands = { ...nothing, scopes: ['a', 'b'] }
    expect(judgeKey({ ...goodKey, ...key }, { ...goodOwner, status }, rights, demands, now)).toBe(refusal)
  })

  test.each([
    [null, ['a', 'b'], null],
    [['a', 'b', 'c'], ['a'], null],
    [['a'], ['b'], 'insufficient_scope'],
    [[], ['a'], 'insufficient_scope'],
    [[], [], null],
    [['a', 'b', 'c'], ['c'], 'insufficient_scope'],
  ])('under the limit %j, asking for %j: %s', (scopeLimit, wanted, refusal) => {
    const demands = { ...nothing, scopes: wanted }
    expect(judgeKey(goodKey, { ...goodOwner, scopeLimit }, rights, demands, now)).toBe(refusal)
  })

  test.each([
    [{ isAllowed: false, leaseUntil: before }, {}, 'active', 'owner_not_allowed'],
    [{ isAllowed: false, leaseUntil: null }, { expiresAt: before }, 'active', 'owner_not_allowed'],
    [{ isAllowed: false, leaseUntil: null }, {}, 'disabled', 'user_disabled'],
    [{ isAllowed: true, leaseUntil: before }, {}, 'active', 'lease_expired'],
    [{ isAllowed: true, leaseUntil: now }, {}, 'active', 'lease_expired'],
    [{ isAllowed: true, leaseUntil: after }, {}, 'active', null],
    [{ isAllowed: true, leaseUntil: before }, { expiresAt: before }, 'active', 'expired_key'],
    [{ isAllowed: true, leaseUntil: before }, { revokedAt: before }, 'active', 'revoked_key'],
  ])('with the rights %j, key %j and owner %s: %s', (given, key, status, refusal) => {
    expect(judgeKey({ ...goodKey, ...key }, { ...goodOwner, status }, given, nothing, now)).toBe(refusal)
  })

  test.each([
    [['eng'], null],
    [['eng', 'ops'], null],
    [['eng', 'finance'], 'forbidden'],
    [['engineering'], 'forbidden'],
  ])('asking for the groups %j of an owner in eng and ops: %s', (groups, refusal) => {
    expect(judgeKey(goodKey, goodOwner, rights, { ...nothing, groups }, now)).toBe(refusal)
  })

  test.each([
    ['a good key from a wrong address', {}, 'active', rights, 'not_allowed'],
    ['a revoked one', { revokedAt: before }, 'active', rights, 'revoked_key'],
    ['one of a disabled owner', {}, 'disabled', rights, 'user_disabled'],
    [
      'one of an owner whom no rule lets in',
      {},
      'active',
      { ...rights, isAllowed: false },
      'owner_not_allowed',
    ],
    ['an expired one', { expiresAt: now }, 'active', rights, 'expired_key'],
    ['one whose lease is over', {}, 'active', { ...rights, leaseUntil: now }, 'lease_expired'],
    [
      'one without a scope that is asked for: the address comes first',
      { scopes: [] },
      'active',
      rights,
      'not_allowed',
    ],
  ])('from an address that the key does not name, %s', (_, key, status, given, refusal) => {
    const demands = { isAddressAllowed: false, scopes: ['a'], groups: ['finance'] }
    expect(judgeKey({ ...goodKey, ...key }, { ...goodOwner, status }, given, demands, now)).toBe(refusal)
  })

  test.each([
    ['admin', 'keydesk:keys.read', null],
    ['member', 'keydesk:keys.read', 'insufficient_scope'],
    ['member', 'keydesk:admin', 'insufficient_scope'],
    ['', 'keydesk:admin', 'insufficient_scope'],
    ['member', 'keydesk:introspect', null],
  ])('of an owner with the role %j, asking for %s that the key carries: %s', (role, scope, refusal) => {
    const key = { ...goodKey, scopes: [scope] }
    const demands = { ...nothing, scopes: [scope] }
    expect(judgeKey(key, { ...goodOwner, role }, rights, demands, now)).toBe(refusal)
  })
})
