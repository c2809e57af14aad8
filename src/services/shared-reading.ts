/** Reads what has a name, unless somebody who shares it does. */
export type SharedReading<Value> = (name: string, read: () => Promise<Value>) => Promise<Value>

interface Reading<Value> {
  readonly underway: Promise<Value>
  /** What will be read after that, for those who asked meanwhile. */
  next: Promise<Value> | null
}

/**
 * Lets requests that want the same thing at the same time share one query: a key in heavy use that changes, or that a
 * process has not seen yet, would be read once for each of them, and the last would wait for all the others. Nobody is
 * given what began to be read before they asked: who comes while it is read waits for the next reading.
 */
export function createSharedReading<Value>(): SharedReading<Value> {
  const readings = new Map<string, Reading<Value>>()

  return function sharedReading(name, read) {
    const reading = readings.get(name)
    if (reading === undefined) return begin(name, read)
    const beginNext = () => begin(name, read)
    reading.next ??= reading.underway.then(beginNext, beginNext)
    return reading.next
  }

  function begin(name: string, read: () => Promise<Value>): Promise<Value> {
    // As a promise in any case: an error that is thrown at once must not stay for those who ask later.
    const reading: Reading<Value> = { underway: (async () => read())(), next: null }
    readings.set(name, reading)
    const forget = () => {
      if (reading.next === null) readings.delete(name)
    }
    reading.underway.then(forget, forget)
    return reading.underway
  }
}
