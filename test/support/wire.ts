import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/**
 * How a wire is cut. `reset`: both ends are told, and nobody gets through. `frozen`: nothing moves, nobody is told, and
 * what was sent arrives when the wire is healed, as when a switch comes back. `swallowed`: what is sent is lost, and
 * connections that were there then stay silent for good, as when a firewall has forgotten them.
 */
export type Cut = 'reset' | 'frozen' | 'swallowed'

/** A wire between a process and a server on this machine, which a test can cut. */
export interface Wire {
  /** The same URL, by way of this wire. */
  through(url: string): string
  cut(how: Cut): void
  heal(): void
  /** Holds back what the server answers on a connection from the next request on that contains `text`. */
  holdAnswerTo(text: string): HeldAnswer
  close(): Promise<void>
}

export interface HeldAnswer {
  /** Resolves when the server has answered, and the answer is held. */
  readonly held: Promise<void>
  /** Lets it through. Resolves when it has been handed over. */
  release(): Promise<void>
}

/** One connection: the two ends, and what waits to be delivered. */
interface Pair {
  readonly near: Socket
  readonly far: Socket
  /** Nothing that is sent on it arrives any more, ever. */
  isDead: boolean
  waiting: (() => void)[]
  /** Of what the server sends. */
  heldBack: Buffer[] | null
}

interface Hold {
  readonly text: string
  isTaken: boolean
  begun(): void
}

/** Starts a wire from a free port of 127.0.0.1 to `port`. */
export async function startWire(port: number): Promise<Wire> {
  const pairs = new Set<Pair>()
  let present: Cut | null = null
  let hold: Hold | null = null
  // Whoever ends its side is told so by the other side, and not by us: nothing passes a wire that is cut.
  const server = createServer({ allowHalfOpen: true }, (near) => {
    if (present === 'reset') near.resetAndDestroy()
    else join(near)
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))

  function join(near: Socket): void {
    const far = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
    const pair: Pair = { near, far, isDead: present === 'swallowed', waiting: [], heldBack: null }
    pairs.add(pair)
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      socket.setNoDelay(true)
      socket.once('end', () => deliver(pair, () => other.end()))
      // What breaks also closes.
      socket.on('error', () => undefined)
      socket.once('close', () => deliver(pair, () => part(pair)))
    }
    near.on('data', (bytes) => {
      if (hold !== null && !hold.isTaken && bytes.includes(hold.text)) {
        hold.isTaken = true
        pair.heldBack = []
      }
      deliver(pair, () => far.write(bytes))
    })
    far.on('data', (bytes) => {
      if (pair.heldBack === null) return deliver(pair, () => near.write(bytes))
      pair.heldBack.push(bytes)
      hold?.begun()
    })
  }

  function part(pair: Pair): void {
    pairs.delete(pair)
    pair.near.destroy()
    pair.far.destroy()
  }

  function deliver(pair: Pair, act: () => void): void {
    if (present !== null) pair.waiting.push(act)
    else if (!pair.isDead) act()
    // The network has forgotten it: whoever gives up does so alone, until the end of the test.
  }

  return {
    through(url) {
      const by = new URL(url)
      by.host = `127.0.0.1:${(server.address() as AddressInfo).port}`
      return by.href
    },
    cut(how) {
      present = how
      for (const pair of pairs) {
        if (how === 'swallowed') pair.isDead = true
        if (how !== 'reset') continue
        pairs.delete(pair)
        pair.near.resetAndDestroy()
        pair.far.resetAndDestroy()
      }
    },
    heal() {
      present = null
      for (const pair of pairs) {
        const acts = pair.waiting.splice(0)
        if (!pair.isDead) for (const act of acts) act()
      }
    },
    holdAnswerTo(text) {
      let begun = () => {}
      const held = new Promise<void>((resolve) => {
        begun = resolve
      })
      hold = { text, isTaken: false, begun }
      return {
        held,
        async release() {
          hold = null
          for (const pair of pairs) {
            if (pair.heldBack === null) continue
            const answer = Buffer.concat(pair.heldBack)
            pair.heldBack = null
            await new Promise<unknown>((written) => pair.near.write(answer, written))
          }
        },
      }
    },
    async close() {
      for (const pair of pairs) part(pair)
      await new Promise((closed) => server.close(closed))
    },
  }
}
