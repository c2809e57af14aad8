import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Replicas, startReplicas } from '../support/replicas.ts'
import { expectAcknowledged } from './acknowledged.ts'
import { startLoad } from './replica-load.ts'
import { rounds } from './rounds.ts'
import { createToldKeys } from './told-keys.ts'

/** In turn: all sessions ended in order, and a crash. */
const ways = ['fast', 'immediate'] as const

describe('a restart of Postgres while replicas mint and revoke', () => {
  let replicas: Replicas
  const told = createToldKeys()
  beforeAll(async () => {
    replicas = await startReplicas()
  })
  afterAll(() => replicas?.close())

  test(`loses nothing that was acknowledged, and they find it again, ${rounds} times over`, async () => {
    for (let round = 0; round < rounds; round += 1) {
      const before = told.all.length
      const load = startLoad(replicas, told)
      const sum = (status: number) => load.count('mint', status) + load.count('revoke', status)
      await load.until('it mints and revokes', () => sum(201) >= 30 && sum(204) >= 15)
      const refusals = sum(503)
      await replicas.server.stop(ways[round % ways.length])
      await load.until('somebody is told so', () => sum(503) >= refusals + 5)
      await replicas.server.start()
      await replicas.healthy()
      const again = { mints: sum(201), revocations: sum(204) }
      await load.until(
        'all of them go on',
        () => sum(201) >= again.mints + 10 && sum(204) >= again.revocations + 10,
      )
      await load.stop()
      await expectAcknowledged(replicas, told, told.all.slice(before))
    }
    await expectAcknowledged(replicas, told)
    expect(told.all.length).toBeGreaterThan(rounds * 40)
  })
})
