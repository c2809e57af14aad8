import { startWire } from '../../test/support/wire.ts'
import type { Part, PartContext } from '../part.ts'
import { stopAll } from '../processes.ts'
import { type Cut, measureCuts } from '../replicas/measure-cut.ts'
import { measureRevocations, type Revocations } from '../replicas/measure-revocations.ts'
import { describeReplicas, replicaLines } from '../replicas/report.ts'
import { replicaSettings } from '../replicas/settings.ts'
import { type ReplicaStage, setReplicaStage } from '../replicas/stage.ts'
import { resultsOf, writeLines } from '../targets.ts'

/** Several real processes on one real Postgres: how long a revoked key passes, whatever is cut. */
export const replicas: Part = {
  secondsMax: (quick) => replicaSettings(quick).secondsMax,

  async run(context) {
    const settings = replicaSettings(context.quick)
    const stage = await setReplicaStage(context, settings)
    const measured = {
      feedUp: await withFeedUp(stage),
      listenCut: await withListenCut(stage, context),
      cuts: await withReplicaCut(stage, context),
    }
    const lines = replicaLines(measured)
    const notes = describeReplicas(measured, settings)
    return {
      text: `${writeLines(lines)}\n\n${notes.join('\n')}`,
      results: { settings, lines: resultsOf(lines), notes, measured },
    }
  },
}

async function withFeedUp(stage: ReplicaStage): Promise<Revocations> {
  const { settings, context } = stage
  context.say(`Feed up: ${settings.revocationsFeedUp} revocations`)
  const servers = await stage.start('up', () => ({}))
  const measured = await measureRevocations(stage, servers, {
    first: settings.revocationsFirst,
    count: settings.revocationsFeedUp,
    mintsPerSecond: settings.mintsPerSecond,
    pauseMsMax: 0,
  })
  await stopAll()
  return measured
}

async function withListenCut(stage: ReplicaStage, { say, atEnd }: PartContext): Promise<Revocations> {
  const { settings, postgres } = stage
  say(`LISTEN cut: ${settings.revocationsListenCut} revocations`)
  const wire = await startWire(postgres.server.port)
  atEnd(() => wire.close())
  const servers = await stage.start('deaf', () => ({
    DATABASE_LISTEN_URL: wire.through(postgres.databaseUrl),
  }))
  wire.cut('swallowed')
  const measured = await measureRevocations(stage, servers, {
    first: 0,
    count: settings.revocationsListenCut,
    // Whoever mints looks: what is measured is how long nobody has a reason to.
    mintsPerSecond: 0,
    pauseMsMax: 1000,
  })
  if (measured.revocations.every(({ acknowledgedMs }) => acknowledgedMs < 100)) {
    throw new Error('every revocation was heard of at once: LISTEN was not cut')
  }
  await stopAll()
  return measured
}

async function withReplicaCut(stage: ReplicaStage, { say, atEnd }: PartContext): Promise<Cut[]> {
  const { settings, postgres } = stage
  say(`A replica cut from the database: ${settings.cuts} × ${settings.revocationsPerCut} revocations`)
  const wire = await startWire(postgres.server.port)
  atEnd(() => wire.close())
  const servers = await stage.start(
    'cut',
    (index): Readonly<Record<string, string>> =>
      index === settings.replicas - 1 ? { DATABASE_URL: wire.through(postgres.databaseUrl) } : {},
  )
  const cuts = await measureCuts(stage, servers, wire)
  await stopAll()
  return cuts
}
