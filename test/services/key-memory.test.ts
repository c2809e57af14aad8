import { describe, expect, test } from 'vitest'
import { createKeyMemory } from '../../src/services/key-memory.ts'

type Remembered = Parameters<ReturnType<typeof createKeyMemory>['rememberRecord']>[0]

/** As far as memory looks at a record. */
function recordOf(id: string, secretHash = `hash of ${id}`): Remembered {
  // Guarantee: memory reads the id and the hash of a record, and hands the rest out as it is.
  return { key: { id, secretHash }, owner: { id: `owner of ${id}` } } as Remembered
}

describe('what is remembered of keys', () => {
  test('vouches for the very text that was proven, and for no text with the same beginning or end', () => {
    const memory = createKeyMemory(10)
    const text = `kd_aaaaaaaaaaaa_${'b'.repeat(59)}`
    memory.rememberProof(text, recordOf('aaaaaaaaaaaa'), 1)
    expect(memory.find('aaaaaaaaaaaa', text)).not.toBeNull()
    for (let at = 0; at < text.length; at += 1) {
      const other = `${text.slice(0, at)}${text[at] === 'c' ? 'd' : 'c'}${text.slice(at + 1)}`
      expect(memory.find('aaaaaaaaaaaa', other), `changed at ${at}`).toBeNull()
    }
    for (const other of ['', text.slice(0, -1), `${text} `, text.toUpperCase()])
      expect(memory.find('aaaaaaaaaaaa', other)).toBeNull()
    expect(memory.find('aaaaaaaaaaab', text)).toBeNull()
  })

  test('keeps keys apart whose ids and texts differ in one character only', () => {
    const memory = createKeyMemory(10)
    const texts = ['0', '1', '2'].map((last) => `kd_aaaaaaaaaaa${last}_${'b'.repeat(59)}`)
    for (const [n, text] of texts.entries()) memory.rememberProof(text, recordOf(`aaaaaaaaaaa${n}`), 1)
    for (const [n, text] of texts.entries()) {
      for (const [m] of texts.entries()) expect(memory.find(`aaaaaaaaaaa${m}`, text) !== null).toBe(n === m)
      expect(memory.find(`aaaaaaaaaaa${n}`, text)?.record.key.id).toBe(`aaaaaaaaaaa${n}`)
    }
  })

  test('gives a record with its own generation, and what was found before follows what is learnt', () => {
    const memory = createKeyMemory(10)
    memory.rememberProof('text', recordOf('a'), 5)
    const found = memory.find('a', 'text')
    expect(found).toMatchObject({ generation: 5 })
    const newer = recordOf('a')
    memory.rememberRecord(newer, 6)
    expect(memory.find('a', 'text')).toMatchObject({ generation: 6 })
    expect(memory.find('a', 'text')?.record).toBe(newer)
    // Never a record of one generation under the number of another.
    expect([found?.generation, found?.record === newer]).toEqual([6, true])
  })

  test('that was found before its stored hash changed never takes the number of a later generation', () => {
    const memory = createKeyMemory(10)
    memory.rememberProof('text', recordOf('a'), 1)
    const found = memory.find('a', 'text')
    memory.rememberRecord(recordOf('a', 'another hash'), 2)
    memory.rememberProof('another text', recordOf('a', 'another hash'), 2)
    memory.rememberRecord(recordOf('a', 'another hash'), 3)
    expect(found?.generation).toBe(1)
    expect(memory.find('a', 'text')).toBeNull()
  })

  test('is dropped for a key whose stored hash changed, and does not come back with the old hash', () => {
    const memory = createKeyMemory(10)
    memory.rememberProof('text', recordOf('a'), 1)
    memory.rememberRecord(recordOf('a', 'another hash'), 2)
    expect(memory.find('a', 'text')).toBeNull()
    memory.rememberRecord(recordOf('a'), 3)
    expect(memory.find('a', 'text')).toBeNull()
  })

  test('says nothing of a key of which only the record is known, or that was forgotten', () => {
    const memory = createKeyMemory(10)
    memory.rememberRecord(recordOf('a'), 1)
    expect(memory.find('a', '')).toBeNull()
    memory.rememberProof('text', recordOf('a'), 1)
    memory.forget('a')
    expect(memory.find('a', 'text')).toBeNull()
  })

  test('is bounded: the key that was not asked for the longest goes first', () => {
    const memory = createKeyMemory(2)
    for (const id of ['a', 'b']) memory.rememberProof(`text ${id}`, recordOf(id), 1)
    expect(memory.find('a', 'text a')).not.toBeNull()
    memory.rememberProof('text c', recordOf('c'), 1)
    expect(['a', 'b', 'c'].map((id) => memory.find(id, `text ${id}`) !== null)).toEqual([true, false, true])
  })
})
