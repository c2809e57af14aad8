import { describe, expect, test } from 'vitest'
import { createChangeStamps } from '../../src/storage/change-stamps.ts'

describe('what may have changed since it was read', () => {
  test('is what a change names, and nothing else', () => {
    const stamps = createChangeStamps()
    const read = stamps.tick()
    stamps.changed(['key-1', 'user-1'])
    expect(stamps.changedSince(read, ['key-1', 'user-9'])).toBe(true)
    expect(stamps.changedSince(read, ['key-9', 'user-1'])).toBe(true)
    expect(stamps.changedSince(read, ['key-9', 'user-9'])).toBe(false)
  })

  test('is not what was read after the change', () => {
    const stamps = createChangeStamps()
    stamps.changed(['key-1'])
    const read = stamps.tick()
    expect(stamps.changedSince(read, ['key-1'])).toBe(false)
    stamps.changed(['key-1'])
    expect(stamps.changedSince(read, ['key-1'])).toBe(true)
    expect(stamps.changedSince(stamps.tick(), ['key-1'])).toBe(false)
  })

  test('is everything, when nobody can say what', () => {
    const stamps = createChangeStamps()
    const read = stamps.tick()
    stamps.allChanged()
    expect(stamps.changedSince(read, ['key-1'])).toBe(true)
    expect(stamps.changedSince(stamps.tick(), ['key-1'])).toBe(false)
  })

  test('is everything, when there are more changes than are remembered: never too little', () => {
    const stamps = createChangeStamps(10)
    const read = stamps.tick()
    for (let number = 0; number < 11; number += 1) stamps.changed([`key-${number}`])
    for (let number = 0; number < 20; number += 1)
      expect(stamps.changedSince(read, [`key-${number}`])).toBe(true)
  })
})
