import { describe, expect, test } from 'vitest'
import { type KeyLimits, loosens } from '../../src/domain/key-limits.ts'

const free: KeyLimits = { expiresAt: null, retiresAt: null, allowedAddresses: null, rateLimit: null }
const bound: KeyLimits = {
  expiresAt: new Date(1000),
  retiresAt: new Date(2000),
  allowedAddresses: ['192.0.2.0/24', '2001:db8::/32', '198.51.100.7'],
  rateLimit: { limit: 10, window_seconds: 60 },
}

describe('whether a change loosens a key', () => {
  test('what stays does not, and no limit that is new', () => {
    for (const limits of [free, bound]) expect(loosens(limits, { ...limits })).toBe(false)
    expect(loosens(free, bound)).toBe(false)
  })

  test.each<[string, Partial<KeyLimits>]>([
    ['an earlier expiry', { expiresAt: new Date(999) }],
    ['an earlier end of the grace', { retiresAt: new Date(1999) }],
    ['fewer addresses', { allowedAddresses: ['198.51.100.7'] }],
    ['a part of a range', { allowedAddresses: ['192.0.2.128/25', '192.0.2.9', '2001:db8:1::/48'] }],
    ['the same range in other words', { allowedAddresses: ['::ffff:192.0.2.0/120', '2001:DB8::/32'] }],
    ['a lower limit', { rateLimit: { limit: 9, window_seconds: 60 } }],
  ])('%s does not', (_, change) => {
    expect(loosens(bound, { ...bound, ...change })).toBe(false)
  })

  test.each<[string, Partial<KeyLimits>]>([
    ['a later expiry', { expiresAt: new Date(1001) }],
    ['no expiry', { expiresAt: null }],
    ['a later end of the grace', { retiresAt: new Date(2001) }],
    ['no end of the grace', { retiresAt: null }],
    ['any address', { allowedAddresses: null }],
    ['one address more', { allowedAddresses: ['192.0.2.0/24', '203.0.113.1'] }],
    ['a wider range', { allowedAddresses: ['192.0.2.0/23'] }],
    ['everything', { allowedAddresses: ['0.0.0.0/0'] }],
    ['the same numbers of the other kind', { allowedAddresses: ['::c000:200/120'] }],
    ['a range that cannot be read', { allowedAddresses: ['192.0.2.0/24', 'junk'] }],
    ['a higher limit', { rateLimit: { limit: 11, window_seconds: 60 } }],
    ['another window', { rateLimit: { limit: 1, window_seconds: 1 } }],
    ['no limit', { rateLimit: null }],
  ])('%s does', (_, change) => {
    expect(loosens(bound, { ...bound, ...change })).toBe(true)
  })
})
