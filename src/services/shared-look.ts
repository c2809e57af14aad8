/** The generation of the database, as of a moment after the caller asked. @throws KeydeskError `unavailable` */
export type SharedLook = () => Promise<number>

/**
 * Lets requests that are in the process at the same time share one look at the database. Whoever asks waits until the
 * event loop has read everything that had arrived; then one look is taken, and it answers all of them. Since it is taken
 * after each of them was there to the last byte, it sees every change that was acknowledged before any of them was sent.
 */
export function createSharedLook(generation: () => number | Promise<number>): SharedLook {
  let planned: Promise<number> | null = null

  return function sharedLook() {
    planned ??= new Promise((resolve, reject) => {
      // Immediates run right after the phase in which sockets are read.
      setImmediate(() => {
        planned = null
        try {
          resolve(generation())
        } catch (error) {
          reject(error)
        }
      })
    })
    return planned
  }
}
