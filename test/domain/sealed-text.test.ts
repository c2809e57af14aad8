import { randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { openSealed, seal } from '../../src/domain/sealed-text.ts'

const key = randomBytes(32)

describe('sealed text', () => {
  test.each(['', 'a', 'ünïcødé 🔑', 'x'.repeat(3000)])('what was sealed opens again: %#', (text) => {
    expect(openSealed(seal(text, key, 'here'), key, 'here')).toBe(text)
  })

  test('the same text is sealed differently each time', () => {
    expect(new Set(Array.from({ length: 500 }, () => seal('same', key, 'here'))).size).toBe(500)
  })

  test('it does not open with another key or in another place', () => {
    const sealed = seal('secret', key, 'keyring:tag-1')
    expect(openSealed(sealed, randomBytes(32), 'keyring:tag-1')).toBeNull()
    for (const place of ['keyring:tag-2', 'keyring:tag-', '', 'KEYRING:TAG-1']) {
      expect(openSealed(sealed, key, place)).toBeNull()
    }
  })

  test('any one bit flipped is noticed', () => {
    const body = Buffer.from(seal('secret', key, 'here').slice(3), 'base64url')
    for (let bit = 0; bit < body.length * 8; bit += 1) {
      const changed = Buffer.from(body)
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      expect(openSealed(`v1.${changed.toString('base64url')}`, key, 'here')).toBeNull()
    }
  })

  test('cut, lengthened, padded, respelled and malformed texts do not open, and nothing throws', () => {
    const sealed = seal('secret!', key, 'here')
    for (let length = 0; length < sealed.length; length += 1) {
      expect(openSealed(sealed.slice(0, length), key, 'here')).toBeNull()
    }
    const body = sealed.slice(3)
    const variants = [
      '',
      'v1',
      'v1.',
      '.',
      '..',
      body,
      `v2.${body}`,
      `V1.${body}`,
      `${sealed}=`,
      `${sealed}A`,
    ]
    variants.push(`${sealed}.`, ` ${sealed}`, `${sealed}\n`, `v1.${body}.${body}`, `v1.${'é'.repeat(60)}`)
    variants.push(`v1.${Buffer.from(body, 'base64url').toString('base64')}=`)
    for (const variant of variants) expect(openSealed(variant, key, 'here')).toBeNull()
  })
})
