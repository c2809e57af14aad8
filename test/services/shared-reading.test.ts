import { describe, expect, test } from 'vitest'
import { createSharedReading } from '../../src/services/shared-reading.ts'

/** A reading that ends when the test says so, with what was true when it began. */
function createSlowReading() {
  const begun: { end(): void; fail(): void }[] = []
  const source = { value: 0 }
  const read = () => {
    const { value } = source
    return new Promise<number>((resolve, reject) => {
      begun.push({ end: () => resolve(value), fail: () => reject(new Error('no database')) })
    })
  }
  return { begun, source, read }
}

describe('a reading that is shared', () => {
  test('is one for who asks first and one for all who ask while it is underway', async () => {
    const { begun, source, read } = createSlowReading()
    const share = createSharedReading<number>()
    const first = share('a', read)
    source.value = 1
    const others = Array.from({ length: 100 }, () => share('a', read))
    source.value = 2
    expect(begun).toHaveLength(1)
    begun[0]!.end()
    expect(await first).toBe(0)
    await expect.poll(() => begun.length).toBe(2)
    begun[1]!.end()
    expect(new Set(await Promise.all(others))).toEqual(new Set([2]))
    expect(begun).toHaveLength(2)
  })

  test('is never one that began before somebody asked, in whatever turn they ask', async () => {
    let value = 0
    const share = createSharedReading<number>()
    const read = async () => {
      const seen = value
      await Promise.resolve()
      return seen
    }
    const asked: Promise<[seen: number, least: number]>[] = []
    const ask = async (): Promise<[number, number]> => {
      value += 1
      const least = value
      return [await share('a', read), least]
    }
    for (let turn = 0; turn < 200; turn += 1) {
      asked.push(
        ask(),
        ask().then(() => ask()),
      )
      for (let step = 0; step < turn % 7; step += 1) await Promise.resolve()
    }
    for (const [seen, least] of await Promise.all(asked)) expect(seen).toBeGreaterThanOrEqual(least)
  })

  test('is not that of another name', async () => {
    const share = createSharedReading<string>()
    const names = ['a', 'b', 'a', 'b']
    const read = await Promise.all(names.map((name) => share(name, async () => name)))
    expect(read).toEqual(names)
  })

  test('fails for who waits for it, and those who asked meanwhile have the next', async () => {
    const { begun, read } = createSlowReading()
    const share = createSharedReading<number>()
    const first = share('a', read)
    const second = share('a', read)
    begun[0]!.fail()
    await expect(first).rejects.toThrow('no database')
    await expect.poll(() => begun.length).toBe(2)
    begun[1]!.end()
    expect(await second).toBe(0)
    const third = share('a', read)
    begun[2]!.end()
    expect(await third).toBe(0)
  })
})
