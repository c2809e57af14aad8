import { KeydeskError } from '../domain/errors.ts'
import type { Storage } from '../storage/storage.ts'

/** What is asked for at every request, and seldom changes. */
export interface CurrentReading<Value> {
  /** For who has just looked at the database: what is remembered, or null where it is not current. */
  remembered(): Value | null
  /** Looks at the database first. @throws KeydeskError `unavailable` */
  fresh(): Promise<Value>
}

const readingsMax = 8

/** Remembers what was read, and reads it again when the feed tells of `change`. All who wait then wait for one reading. */
export function createCurrentReading<Value>(options: {
  storage: Storage
  /** The id that every list leaves which writes any of it. */
  change: string
  read: () => Promise<Value>
  /** For people, where it never stands still while it is read. */
  tooFast: string
}): CurrentReading<Value> {
  const { storage, change, read, tooFast } = options
  let known: { value: Value; generation: number } | null = null
  let reading: Promise<Value> | null = null

  return {
    remembered,
    async fresh() {
      await storage.generation()
      return remembered() ?? readTogether()
    },
  }

  function remembered(): Value | null {
    return known !== null && isCurrent(known.generation) ? known.value : null
  }

  function readTogether(): Promise<Value> {
    reading ??= readUntilCurrent().finally(() => {
      reading = null
    })
    return reading
  }

  function isCurrent(generation: number): boolean {
    return !storage.changedSince(generation, [change])
  }

  /** Until nothing has changed while it read. */
  async function readUntilCurrent(): Promise<Value> {
    for (let readings = 0; readings < readingsMax; readings += 1) {
      const generation = await storage.generation()
      const value = await read()
      await storage.generation()
      if (!isCurrent(generation)) continue
      known = { value, generation }
      return value
    }
    throw new KeydeskError('unavailable', { message: tooFast })
  }
}
