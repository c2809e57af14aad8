import { setTimeout as after } from 'node:timers/promises'
import { createTimedClient } from '../../test/support/timed-client.ts'
import { mintOwnerId } from '../seed-postgres.ts'
import type { Server } from '../servers.ts'

/** Mints keys at a steady rate, at one replica after the other, until it is stopped; then how long each mint took. */
export function mintBeside(
  servers: readonly Server[],
  masterKey: string,
  perSecond: number,
): { stop(): Promise<number[]> } {
  const clients = servers.map(({ port }) => createTimedClient(port))
  const tookMs: number[] = []
  let isOver = false
  const running = (async () => {
    for (let turn = 0; !isOver; turn += 1) {
      const minted = clients[turn % clients.length]
        ?.send('/admin/keys', {
          method: 'POST',
          headers: { authorization: `Bearer ${masterKey}` },
          json: { user_id: mintOwnerId, name: 'minted beside', scopes: ['orders:read'] },
        })
        .then(({ status, sentAt, answeredAt }) => {
          if (status !== 201) throw new Error(`a mint was answered with ${status}`)
          tookMs.push(answeredAt - sentAt)
        })
      await Promise.all([minted, after(1000 / perSecond)])
    }
  })()
  // Whoever stops it learns of its failure.
  running.catch(() => {})
  return {
    async stop() {
      isOver = true
      await running
      for (const client of clients) client.close()
      return tookMs
    },
  }
}
