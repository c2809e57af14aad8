import { describe, expect, test } from 'vitest'
import { createSharedLook } from '../../src/services/shared-look.ts'

describe('a look at the database', () => {
  test('is one for all who ask in one turn, and sees what changed after they asked', async () => {
    let generation = 1
    let looks = 0
    const look = createSharedLook(() => {
      looks += 1
      return generation
    })
    const asked = Array.from({ length: 100 }, () => look())
    generation = 2
    await Promise.resolve()
    asked.push(look())
    generation = 3
    expect(new Set(await Promise.all(asked))).toEqual(new Set([3]))
    expect(looks).toBe(1)
  })

  test('is never one that was taken before somebody asked', async () => {
    let generation = 1
    const look = createSharedLook(() => generation)
    for (let round = 0; round < 50; round += 1) {
      const before = look().then((seen) => {
        // In the very turn in which the others have their answer.
        generation += 1
        return [seen, look(), generation] as const
      })
      const [seen, next, changed] = await before
      expect(seen).toBe(changed - 1)
      expect(await next).toBe(changed)
    }
  })

  test('that fails fails for all who wait for it, and the next is a new one', async () => {
    let works = false
    const look = createSharedLook(() => {
      if (!works) throw new Error('no database')
      return 7
    })
    const outcomes = await Promise.allSettled([look(), look()])
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    works = true
    expect(await look()).toBe(7)
  })
})
