import { describe, expect, test } from 'vitest'
import {
  anchorMacOf,
  hashesOf,
  isAnchorGenuine,
  isErased,
  newSalt,
  problemOf,
  sealOf,
} from '../../src/domain/audit-chain.ts'

const key = Buffer.alloc(32, 7)
const keys = [{ id: 'audit-1', key }]
const event = {
  seq: 7,
  id: 'evt_1',
  at: new Date('2027-03-01T10:00:00.123Z'),
  action: 'key.minted',
  actor: 'user:usr_a',
  target: 'key:k1',
  facts: { b: [1e21, 0.1, null], a: { ü: '€', '': true } },
  requestId: null,
}
const details = {
  email: 'ada@corp.com',
  address: '192.0.2.7',
  userAgent: null,
  emailSalt: 'email-salt',
  originSalt: 'origin-salt',
}
const hashes = hashesOf(details)
const seal = {
  seq: 7,
  eventId: 'evt_1',
  ...hashes,
  keyId: 'audit-1',
  seal: sealOf(event, hashes, 'before', key),
}

describe('the seal of an audit event', () => {
  test('is the same everywhere and for ever: whoever has the key can recompute it', () => {
    // Pinned: another form would break every chain there is.
    expect(seal.seal).toBe('nVQqgVsgiZb9ali3Llp2M8rwpmYCxadwTbpK69hz70g')
    expect(hashes).toEqual({
      emailHash: 'fpZds8m4vIQVGEaKQeWF67k4wCf0hvClC46reN_2-rE',
      originHash: 'bGwoYVvjAhJTHeEPusDlXEnUe951kd8cNUg-MbDB4T4',
    })
  })

  test('does not depend on the order in which a database gives the names of JSON', () => {
    const turned = { ...event, facts: { a: { '': true, ü: '€' }, b: [1e21, 0.1, null] } }
    expect(sealOf(turned, hashes, 'before', key)).toBe(seal.seal)
  })

  test.each([
    ['seq', { seq: 8 }],
    ['id', { id: 'evt_2' }],
    ['at', { at: new Date('2027-03-01T10:00:00.124Z') }],
    ['action', { action: 'key.revoked' }],
    ['actor', { actor: 'user:usr_b' }],
    ['target', { target: null }],
    ['facts', { facts: {} }],
    ['requestId', { requestId: 'req_1' }],
  ])('is another one when %s is', (_, change) => {
    expect(sealOf({ ...event, ...change }, hashes, 'before', key)).not.toBe(seal.seal)
  })

  test('is another one after another seal, with other hashes, and under another key', () => {
    expect(sealOf(event, hashes, 'other', key)).not.toBe(seal.seal)
    expect(sealOf(event, { ...hashes, emailHash: null }, 'before', key)).not.toBe(seal.seal)
    expect(sealOf(event, hashes, 'before', Buffer.alloc(32, 8))).not.toBe(seal.seal)
  })

  test('fits its event, and nothing else does', () => {
    expect(problemOf(event, details, seal, 'before', keys)).toBeNull()
    expect(problemOf(event, details, seal, 'other', keys)).toBe('seal_wrong')
    expect(problemOf(event, details, seal, 'before', [])).toBe('seal_wrong')
    expect(problemOf({ ...event, id: 'evt_2' }, details, seal, 'before', keys)).toBe('event_changed')
    expect(problemOf(event, { ...details, address: '192.0.2.8' }, seal, 'before', keys)).toBe(
      'details_changed',
    )
  })

  test('holds while a detail is erased with its salt, and only so', () => {
    const erased = { ...details, email: null, emailSalt: null }
    expect(problemOf(event, erased, seal, 'before', keys)).toBeNull()
    expect(isErased(erased, seal)).toBe(true)
    expect(isErased(details, seal)).toBe(false)
    for (const wrong of [{ emailSalt: null }, { email: null }, { originSalt: null }])
      expect(problemOf(event, { ...details, ...wrong }, seal, 'before', keys)).toBe('details_changed')
  })
})

describe('the hash of a detail', () => {
  test('cannot be guessed without its salt, and tells the two kinds and their parts apart', () => {
    const salt = newSalt()
    expect(salt).toMatch(/^[\w-]{22}$/)
    expect(newSalt()).not.toBe(salt)
    const same = hashesOf({ ...details, email: 'x', address: 'x', emailSalt: salt, originSalt: salt })
    expect(same.emailHash).not.toBe(same.originHash)
    const origin = (address: string | null, userAgent: string | null) =>
      hashesOf({ ...details, address, userAgent }).originHash
    expect(new Set([origin('a', 'b'), origin('ab', null), origin(null, 'ab'), origin('ab', '')]).size).toBe(4)
  })

  test('is null where there is nothing to hash', () => {
    expect(hashesOf(null)).toEqual({ emailHash: null, originHash: null })
    expect(hashesOf({ ...details, email: null, address: null })).toEqual({
      emailHash: null,
      originHash: null,
    })
  })
})

test('an anchor is genuine as Keydesk wrote it, and cannot be made of a seal', () => {
  const unsigned = { seq: 7, seal: seal.seal, prunedAt: event.at }
  const anchor = { ...unsigned, keyId: 'audit-1', mac: anchorMacOf(unsigned, key) }
  expect(isAnchorGenuine(anchor, keys)).toBe(true)
  for (const change of [
    { seq: 8 },
    { seal: 'x' },
    { prunedAt: new Date(0) },
    { keyId: 'audit-2' },
    { mac: seal.seal },
  ])
    expect(isAnchorGenuine({ ...anchor, ...change }, keys)).toBe(false)
})
