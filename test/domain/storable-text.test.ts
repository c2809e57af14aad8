import { describe, expect, test } from 'vitest'
import { isStorableJson, isStorableText, storableText } from '../../src/domain/storable-text.ts'

describe('text that every engine can store', () => {
  test.each([
    ['plain', 'plain'],
    ['a\u0000b', 'ab'],
    ['\u0000', ''],
    ['\ud800', ''],
    ['a\udc00b', 'ab'],
    ['\udc00\ud800', ''],
    ['🔑', '🔑'],
    ['é\n\t', 'é\n\t'],
  ])('%j becomes %j', (text, stored) => {
    expect(storableText(text, 100)).toBe(stored)
    expect(isStorableText(storableText(text, 100))).toBe(true)
  })

  test('a cut never leaves half a character', () => {
    expect(storableText('abc🔑', 4)).toBe('abc')
    expect(storableText('🔑🔑', 3)).toBe('🔑')
    expect(storableText('a'.repeat(1000), 400)).toHaveLength(400)
  })

  test.each([
    [{ a: ['b', { c: 'd' }] }, true],
    [{ a: [1, true, null, 2.5] }, true],
    [{ a: ['b\u0000'] }, false],
    [{ a: { b: { c: '\ud800' } } }, false],
    [{ 'a\u0000': 1 }, false],
    [[{ '\udfff': 1 }], false],
    ['\u0000', false],
    [null, true],
  ])('a JSON value is judged whole, names of members too: %j', (value, storable) => {
    expect(isStorableJson(value)).toBe(storable)
  })
})
