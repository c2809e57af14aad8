import { setTimeout as after } from 'node:timers/promises'
import { createTimedClient } from '../../test/support/timed-client.ts'
import type { LoadResult } from '../load/plan.ts'
import { countIdleCores } from '../processes.ts'
import type { Server } from '../servers.ts'
import { mintBeside } from './mint-beside.ts'
import { openProber, warmKey } from './probe.ts'
import { revokeWatched, type WatchedRevocation } from './revoke-watched.ts'
import type { ReplicaStage } from './stage.ts'

export interface Revocations {
  readonly revocations: readonly WatchedRevocation[]
  /** Of the verifications beside them, at each replica. */
  readonly beside: readonly Pick<LoadResult, 'perSecond' | 'latencyMs' | 'statuses'>[]
  readonly mintMs: readonly number[]
  /** The share of all cores that nobody used meanwhile. */
  readonly idleShare: number
}

/** Revokes one key after the other, at one replica after the other, under load. Every second one asks for a receipt. */
export async function measureRevocations(
  stage: ReplicaStage,
  servers: readonly Server[],
  plan: { first: number; count: number; mintsPerSecond: number; pauseMsMax: number },
): Promise<Revocations> {
  const { settings, postgres, context } = stage
  const probers = await Promise.all(servers.map(({ port }) => openProber(port, settings.probePauseMs)))
  const clients = servers.map(({ port }) => createTimedClient(port))
  const loads = servers.map((server) => stage.load(server))
  await Promise.all(loads.map(({ underway }) => underway))
  const minting =
    plan.mintsPerSecond === 0 ? null : mintBeside(servers, postgres.masterKey, plan.mintsPerSecond)

  const idleShare = countIdleCores()
  const revocations: WatchedRevocation[] = []
  for (const [index, key] of stage.takeKeys(plan.first + plan.count).entries()) {
    await warmKey(probers, key.text)
    await after(Math.random() * plan.pauseMsMax)
    const client = clients[index % clients.length]
    if (client === undefined) throw new Error('there are no replicas')
    const watched = await revokeWatched(key, {
      client,
      probers,
      masterKey: postgres.masterKey,
      withReceipt: index % 2 === 1,
      probeAfterMs: settings.probeAfterMs,
    })
    if (index >= plan.first) revocations.push(watched)
    if (revocations.length % 100 === 0 && revocations.length > 0) {
      context.say(`  ${revocations.length} of ${plan.count}`)
    }
  }

  const idle = idleShare()
  const mintMs = (await minting?.stop()) ?? []
  for (const load of loads) load.stop()
  const beside = await Promise.all(loads.map(({ result }) => result))
  for (const one of [...probers, ...clients]) one.close()
  return {
    revocations,
    beside: beside.map(({ perSecond, latencyMs, statuses }) => ({ perSecond, latencyMs, statuses })),
    mintMs,
    idleShare: idle,
  }
}
