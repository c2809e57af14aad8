import { randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import {
  hasGenuineTag,
  looksLikeKeyText,
  newKeyId,
  newKeyText,
  parseKeyText,
} from '../../src/domain/key-text.ts'

const tagKey = randomBytes(32)
const newText = (prefix = 'kd') => newKeyText(newKeyId(), prefix, tagKey)

/** What verification asks of a text before it asks the database. */
function passes(text: string, tagKeys: readonly Uint8Array[] = [tagKey]): boolean {
  const key = parseKeyText(text)
  return key !== null && hasGenuineTag(key, tagKeys)
}

describe('the grammar of a key text', () => {
  test('a new key text is kd_<12 base62>_<43 base62><16 hex> to the letter, and is taken apart as it was made', () => {
    for (let round = 0; round < 200; round += 1) {
      const id = newKeyId()
      const text = newKeyText(id, 'kd', tagKey)
      expect(text).toMatch(/^kd_[0-9A-Za-z]{12}_[0-9A-Za-z]{43}[0-9a-f]{16}$/)
      expect(parseKeyText(text)).toEqual({ text, id, tagged: text.slice(0, -16), tag: text.slice(-16) })
    }
  })

  test('ids and secrets do not repeat', () => {
    const texts = Array.from({ length: 2000 }, () => newText())
    expect(new Set(texts.map((text) => text.slice(3, 15))).size).toBe(2000)
    expect(new Set(texts.map((text) => text.slice(16, 59))).size).toBe(2000)
  })

  test.each(['kd', 'ab', 'abcdefghij', 'acme'])('the prefix %s is taken', (prefix) => {
    expect(passes(newText(prefix))).toBe(true)
  })

  test.each(['', 'k', 'abcdefghijk', 'KD', 'k1', 'k_d', 'kd-', 'kд'])(
    'the prefix %j is refused',
    (prefix) => {
      expect(parseKeyText(newText(prefix))).toBeNull()
    },
  )

  test.each([
    ['nothing', ''],
    ['one character', 'k'],
    ['only underscores', '__'],
    ['an id one short', `kd_${'a'.repeat(11)}_${'b'.repeat(43)}${'0'.repeat(16)}`],
    ['an id one long', `kd_${'a'.repeat(13)}_${'b'.repeat(43)}${'0'.repeat(16)}`],
    ['a secret one short', `kd_${'a'.repeat(12)}_${'b'.repeat(42)}${'0'.repeat(16)}`],
    ['a secret one long', `kd_${'a'.repeat(12)}_${'b'.repeat(44)}${'0'.repeat(16)}`],
    ['an upper-case tag', `kd_${'a'.repeat(12)}_${'b'.repeat(43)}${'A'.repeat(16)}`],
    ['a tag that is not hex', `kd_${'a'.repeat(12)}_${'b'.repeat(43)}${'g'.repeat(16)}`],
    ['an id of Unicode digits', `kd_${'٣'.repeat(12)}_${'b'.repeat(43)}${'0'.repeat(16)}`],
    ['full-width letters', `ｋｄ_${'a'.repeat(12)}_${'b'.repeat(43)}${'0'.repeat(16)}`],
    ['SQL', "kd_' OR 1=1 --_x"],
    ['10 kB', 'k'.repeat(10_000)],
  ])('%s is no key text', (_, text) => {
    expect(parseKeyText(text)).toBeNull()
  })

  test('a text of more than 200 bytes is refused before it is matched', () => {
    const begunAt = performance.now()
    expect(parseKeyText(`${'a'.repeat(5_000_000)}_`)).toBeNull()
    expect(performance.now() - begunAt).toBeLessThan(50)
  })
})

describe('the tag of a key text', () => {
  const text = newText()

  test('the key minus 1 to all of its characters, from either end, is refused', () => {
    for (let cut = 1; cut <= text.length; cut += 1) {
      expect(passes(text.slice(0, text.length - cut))).toBe(false)
      expect(passes(text.slice(cut))).toBe(false)
    }
  })

  test('the key without any one of its characters is refused', () => {
    for (let at = 0; at < text.length; at += 1) {
      expect(passes(text.slice(0, at) + text.slice(at + 1))).toBe(false)
    }
  })

  test('the key plus characters, at either end or anywhere inside, is refused', () => {
    for (const extra of ['0', 'a', 'A', '_', '=', '==', '.', '-', 'é', '\u0301', '0'.repeat(16)]) {
      for (let at = 0; at <= text.length; at += 1) {
        expect(passes(text.slice(0, at) + extra + text.slice(at))).toBe(false)
      }
    }
  })

  test('white space, line ends and NUL anywhere are refused', () => {
    for (const space of [' ', '\t', '\n', '\r', '\r\n', '\u0000', '\u00a0', '\u200b', '\ufeff', '\u2028']) {
      for (let at = 0; at <= text.length; at += 1) {
        expect(passes(text.slice(0, at) + space + text.slice(at))).toBe(false)
      }
    }
  })

  test('the case of any one letter changed is refused, and so is the whole in upper or lower case', () => {
    for (let at = 0; at < text.length; at += 1) {
      const letter = text.charAt(at)
      const other = letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase()
      if (other !== letter) expect(passes(text.slice(0, at) + other + text.slice(at + 1))).toBe(false)
    }
    expect(passes(text.toUpperCase())).toBe(false)
    expect(passes(text.toLowerCase()) && text !== text.toLowerCase()).toBe(false)
  })

  test('any one character replaced by another of its alphabet is refused', () => {
    for (let at = 0; at < text.length; at += 1) {
      for (const other of '0f9zZ_') {
        if (other !== text.charAt(at))
          expect(passes(text.slice(0, at) + other + text.slice(at + 1))).toBe(false)
      }
    }
  })

  test('two keys with their tags, ids, secrets or prefixes exchanged are refused', () => {
    const other = newText()
    expect(passes(text.slice(0, -16) + other.slice(-16))).toBe(false)
    expect(passes(other.slice(0, 16) + text.slice(16))).toBe(false)
    expect(passes(text.slice(0, 16) + other.slice(16))).toBe(false)
    expect(passes(`acme${text.slice(2)}`)).toBe(false)
  })

  test('only a tag of one of our keys passes: older tag keys keep verifying, an unknown one never does', () => {
    const [older, newer, stranger] = [randomBytes(32), randomBytes(32), randomBytes(32)]
    const old = newKeyText(newKeyId(), 'kd', older)
    const fresh = newKeyText(newKeyId(), 'kd', newer)
    for (const key of [old, fresh]) {
      expect(passes(key, [older, newer])).toBe(true)
      expect(passes(key, [newer, older])).toBe(true)
      expect(passes(key, [stranger])).toBe(false)
      expect(passes(key, [])).toBe(false)
    }
    expect(passes(old, [newer])).toBe(false)
  })
})

describe('what looks like a key text', () => {
  test('a key of any prefix is found in a URL, whole or cut short', () => {
    for (const prefix of ['kd', 'acme']) {
      const key = newText(prefix)
      expect(looksLikeKeyText(`https://keys.corp.com/v1/validate?key=${key}`)).toBe(true)
      expect(looksLikeKeyText(`/v1/validate/${key.slice(0, 40)}`)).toBe(true)
    }
  })

  test('a URL without one is left alone', () => {
    expect(looksLikeKeyText('https://keys.corp.com/v1/validate?scope=reports.read&scope=builds.write')).toBe(
      false,
    )
    expect(looksLikeKeyText('/admin/keys/4fT9kQz0WmX2')).toBe(false)
  })
})
