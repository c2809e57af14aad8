/** Does one piece of work at a time. */
export type InTurn = <Result>(work: () => Promise<Result>) => Promise<Result>

/**
 * For long work in pieces that several may ask for at once: one piece of one of them at a time, in the order in which they
 * asked, and whatever else the process has to do in between. However many ask, other requests wait for one piece.
 */
export function createTurns(): InTurn {
  let last: Promise<unknown> = Promise.resolve()

  return function inTurn(work) {
    const mine = last.then(work)
    last = mine.then(pause, pause)
    return mine
  }
}

function pause(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
