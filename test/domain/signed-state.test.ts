import { createHmac, randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { newState, readState, stateNonce, stateRandomPart, stateTime } from '../../src/domain/signed-state.ts'

const key = randomBytes(32)
const begun = new Date('2027-03-01T10:00:00.000Z')
const ttlSeconds = 600
const later = (ms: number) => new Date(begun.getTime() + ms)
const read = (state: string, now = begun) => readState(state, key, now, ttlSeconds).outcome

describe('the signed state', () => {
  test('is nonce.HMAC-SHA256(key, nonce)[:16] in base64url, and reads back as good', () => {
    const { state, nonce } = newState(key, begun)
    const signature = createHmac('sha256', key).update(nonce).digest().subarray(0, 16).toString('base64url')
    expect(state).toBe(`${nonce}.${signature}`)
    expect(readState(state, key, begun, ttlSeconds)).toEqual({ outcome: 'good', nonce })
    expect(stateTime(nonce)).toEqual(begun)
    expect(stateNonce(state)).toBe(nonce)
  })

  test('carries 144 random bits that do not repeat over 1,000 states of one instant', () => {
    const parts = Array.from({ length: 1000 }, () => stateRandomPart(newState(key, begun).nonce))
    expect(new Set(parts).size).toBe(1000)
    for (const part of parts) expect(Buffer.from(part, 'base64url')).toHaveLength(18)
  })

  test('is good until its TTL to the millisecond, and expired after', () => {
    const { state } = newState(key, begun)
    expect(read(state, later(ttlSeconds * 1000))).toBe('good')
    expect(read(state, later(ttlSeconds * 1000 + 1))).toBe('expired')
    expect(read(state, later(10 * 365 * 86_400_000))).toBe('expired')
  })

  test('from the future is good within a minute of clock skew, and invalid past it', () => {
    const { state } = newState(key, begun)
    expect(read(state, later(-60_000))).toBe('good')
    expect(read(state, later(-60_001))).toBe('invalid')
  })

  test('with any one bit of nonce or signature flipped is invalid', () => {
    const [nonce = '', signature = ''] = newState(key, begun).state.split('.')
    const flipped = (text: string, bit: number) => {
      const bytes = Buffer.from(text, 'base64url')
      bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      return bytes.toString('base64url')
    }
    for (let bit = 0; bit < 192; bit += 1) expect(read(`${flipped(nonce, bit)}.${signature}`)).toBe('invalid')
    for (let bit = 0; bit < 128; bit += 1) expect(read(`${nonce}.${flipped(signature, bit)}`)).toBe('invalid')
  })

  test('has no second spelling: the unused bits of the last character must be zero', () => {
    const { state } = newState(key, begun)
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
    for (const last of alphabet) {
      const variant = state.slice(0, -1) + last
      expect(read(variant)).toBe(variant === state ? 'good' : 'invalid')
    }
  })

  test('of another key is invalid, also when it has expired', () => {
    const { state } = newState(randomBytes(32), begun)
    expect(read(state)).toBe('invalid')
    expect(read(state, later(ttlSeconds * 1000 + 1))).toBe('invalid')
  })

  test('cut, joined, padded or with white space is invalid, and nothing throws', () => {
    const { state, nonce } = newState(key, begun)
    for (let length = 0; length < state.length; length += 1)
      expect(read(state.slice(0, length))).toBe('invalid')
    const variants = [
      '',
      '.',
      nonce,
      `${nonce}.`,
      `.${nonce}`,
      ` ${state}`,
      `${state} `,
      `${state}\n`,
      `${state}=`,
    ]
    variants.push(state.replace('.', '..'), state.replace('.', ''), `${state}.${state}`, state.toUpperCase())
    variants.push('\u0000', 'é'.repeat(55), `${'A'.repeat(32)}.${'A'.repeat(22)}`, 'A'.repeat(1_000_000))
    for (const variant of variants) expect(read(variant)).toBe('invalid')
  })
})
