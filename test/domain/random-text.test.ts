import { describe, expect, test } from 'vitest'
import { randomText } from '../../src/domain/random-text.ts'

describe('random text', () => {
  test.each([0, 1, 12, 43, 500])('has exactly %i characters of base62', (length) => {
    expect(randomText(length)).toMatch(new RegExp(`^[0-9A-Za-z]{${length}}$`))
  })

  test('every character is equally likely: chi-squared over 310,000 draws, far from the bias of a bare modulo', () => {
    const counts = new Map<string, number>()
    for (const character of randomText(310_000)) counts.set(character, (counts.get(character) ?? 0) + 1)
    expect(counts.size).toBe(62)
    const chiSquared = [...counts.values()].reduce((sum, count) => sum + (count - 5000) ** 2 / 5000, 0)
    // 61 degrees of freedom: over 130 happens once in a million runs; 256 modulo 62 would give about 6,000.
    expect(chiSquared).toBeLessThan(130)
  })
})
