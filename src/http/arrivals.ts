/**
 * Groups requests by when they arrived. All requests of a group had reached this machine before the first of them was
 * handled, so what is learnt of the database for the first is news enough for all.
 *
 * Node reads sockets in its poll phase: the kernel says which of them hold data, and the requests on them are handled one
 * after another. A request of the same round was there before the round began. The exception is a second request on the
 * same connection, which may have come while the first was handled: it begins a new group. And because a round can be
 * long (the kernel is asked again past 1,024 ready connections), a group lasts a millisecond at most.
 */
export type Arrivals = (connection: object | undefined) => number

const groupMsMax = 1

export function createArrivals(): Arrivals {
  let group = 0
  let begunAt = 0
  let endIsPlanned = false
  let connections = new WeakSet<object>()

  return function groupOf(connection) {
    const isOver = performance.now() - begunAt > groupMsMax
    if (isOver || connection === undefined || connections.has(connection)) beginGroup()
    if (connection !== undefined) connections.add(connection)
    if (!endIsPlanned) {
      endIsPlanned = true
      // Runs in the check phase, right after the round of the poll phase in which it was planned.
      setImmediate(() => {
        endIsPlanned = false
        beginGroup()
      })
    }
    return group
  }

  function beginGroup(): void {
    group += 1
    begunAt = performance.now()
    connections = new WeakSet()
  }
}
