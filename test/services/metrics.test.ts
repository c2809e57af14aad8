import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test, vi } from 'vitest'
import { createMetrics } from '../../src/services/metrics.ts'

test('metrics that were closed keep nothing alive of what they read', async () => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const watched = watchAndClose()
  await vi.waitFor(() => {
    collect()
    // Not the object itself: an assertion that failed would hold it.
    expect(watched.deref() === undefined).toBe(true)
  }, 10_000)
})

/** In a function of its own, so that no variable of the test holds what was watched. */
function watchAndClose(): WeakRef<object> {
  const storage = { count: () => Promise.resolve(1) }
  const metrics = createMetrics()
  metrics.watchLiveKeys(() => storage.count())
  metrics.close()
  return new WeakRef(storage)
}
