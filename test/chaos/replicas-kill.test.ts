import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Replicas, startReplicas } from '../support/replicas.ts'
import { expectAcknowledged } from './acknowledged.ts'
import { startLoad } from './replica-load.ts'
import { rounds } from './rounds.ts'
import { createToldKeys } from './told-keys.ts'

describe('kill -9 of a replica while all of them mint and revoke', () => {
  let replicas: Replicas
  const told = createToldKeys()
  beforeAll(async () => {
    replicas = await startReplicas()
  })
  afterAll(() => replicas?.close())

  test(`keeps what was acknowledged, and the others at work, ${rounds} times over`, async () => {
    for (let round = 0; round < rounds; round += 1) {
      const before = told.all.length
      const victim = replicas.all[round % replicas.all.length]!
      const load = startLoad(replicas, told)
      const sum = (status: number) => load.count('mint', status) + load.count('revoke', status)
      await load.until('it mints and revokes', () => sum(201) >= 40 && sum(204) >= 15)

      // A random moment of whatever it does.
      await pause(Math.random() * 25)
      const back = load.dead(victim)
      victim.gateway.process().signalGroup('SIGKILL')
      await victim.gateway.process().ended
      const killed = { mints: sum(201), revocations: sum(204) }
      await load.until(
        'the others go on',
        () => sum(201) >= killed.mints + 20 && sum(204) >= killed.revocations + 4,
      )

      await victim.gateway.start()
      back()
      await replicas.healthy()
      const again = sum(204)
      await load.until('all of them go on', () => sum(204) >= again + 10)
      await load.stop()
      await expectAcknowledged(replicas, told, told.all.slice(before))
    }
    await expectAcknowledged(replicas, told)
    expect(told.all.length).toBeGreaterThan(rounds * 60)
  })
})
