import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Replicas, startReplicas } from '../support/replicas.ts'
import { createTimedClient, type TimedReply } from '../support/timed-client.ts'
import { startWire, type Wire } from '../support/wire.ts'
import { expectAcknowledged } from './acknowledged.ts'
import { startLoad } from './replica-load.ts'
import { rounds } from './rounds.ts'
import { createToldKeys } from './told-keys.ts'
import { mintWarmKeys } from './warm-keys.ts'

/** Longer than it trusts its memory, shorter than that, and so long that the others strike it off. */
const sleepsMs = [4000, 1200, 6500]

describe('a replica that is stopped (SIGSTOP) while the others revoke', () => {
  let replicas: Replicas
  let wire: Wire
  const told = createToldKeys()
  beforeAll(async () => {
    replicas = await startReplicas({
      settings: async (index, databaseUrl): Promise<Record<string, string>> => {
        if (index !== 0) return {}
        wire = await startWire(Number(new URL(databaseUrl).port))
        return { DATABASE_URL: wire.through(databaseUrl) }
      },
    })
  })
  afterAll(async () => {
    await replicas?.close()
    await wire?.close()
  })

  test(`refuses what they revoked from its first answer on, ${rounds} times over`, async () => {
    for (let round = 0; round < rounds; round += 1) {
      const before = told.all.length
      const sleeper = replicas.all[round % replicas.all.length]!
      const targets = await mintWarmKeys(replicas, told)
      const load = startLoad(replicas, told, { targets })
      await load.until(
        'it mints and revokes',
        () => load.count('mint', 201) >= 20 && load.count('revoke', 204) >= 10,
      )
      const awake = load.asleep(sleeper)
      const stoppedAt = performance.now()
      sleeper.gateway.process().signal('SIGSTOP')
      const revoked = load.count('revoke', 204)
      load.aim()
      await pause((sleepsMs[round % sleepsMs.length] ?? 0) - (performance.now() - stoppedAt))
      sleeper.gateway.process().signal('SIGCONT')
      awake()
      await load.until('the others have revoked', () => load.count('revoke', 204) >= revoked + 3)
      await replicas.healthy()
      const again = load.count('revoke', 204)
      await load.until('all of them go on', () => load.count('revoke', 204) >= again + 10)
      await load.stop()
      await expectAcknowledged(replicas, told, told.all.slice(before))
    }
    await expectAcknowledged(replicas, told)
  })

  test(`does not believe a look that it began before it was stopped, however late the answer comes, ${rounds} times over`, async () => {
    const [sleeper, peer] = [replicas.all[0]!, replicas.all[1]!]
    for (let round = 0; round < rounds; round += 1) {
      const warm = await peer.desk.mint()
      const cold = await peer.desk.mint()
      const client = createTimedClient(sleeper.gateway.port)
      const ask = (key: string, sent = () => {}) =>
        client.send('/v1/validate', { headers: { 'x-api-key': key }, sent })
      // Each leaves a connection open, so that what is sent later needs nobody to take it.
      for (const { status } of await Promise.all([ask(warm), ask(warm), ask(warm)])) expect(status).toBe(200)

      const look = wire.holdAnswerTo('UPDATE replicas SET looks')
      await look.held
      sleeper.gateway.process().signal('SIGSTOP')
      const revoked = await Promise.all([warm, cold].map((key) => peer.desk.revoke(key)))
      for (const { status } of revoked) expect(status).toBe(204)
      // They are in its sockets before the answer of the database is.
      const asked: Promise<TimedReply>[] = []
      for (const key of [warm, cold, warm]) await new Promise<void>((sent) => asked.push(ask(key, sent)))
      await look.release()
      sleeper.gateway.process().signal('SIGCONT')
      for (const { status } of await Promise.all(asked)) expect([401, 503]).toContain(status)
      await replicas.healthy()
      client.close()
    }
  })
})
