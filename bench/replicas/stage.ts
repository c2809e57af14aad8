import type { PartContext } from '../part.ts'
import { type PostgresStage, setPostgresStage } from '../postgres-stage.ts'
import { type SeedKey, writeKeyFile } from '../seed.ts'
import { type Server, startProduct } from '../servers.ts'
import { type RunningLoad, runLoad, startLoad } from '../start-load.ts'
import type { ReplicaSettings } from './settings.ts'

/** A Postgres with keys, on which several replicas can be started, again and again. */
export interface ReplicaStage {
  readonly settings: ReplicaSettings
  readonly postgres: PostgresStage
  readonly context: PartContext
  /** Keys that stay good; the load presents them. */
  readonly warmKeys: readonly SeedKey[]
  /** Keys that nobody has presented yet. */
  takeKeys(count: number): SeedKey[]
  /** Starts the replicas, and warms them. Their settings may differ. */
  start(name: string, own: (index: number) => Readonly<Record<string, string>>): Promise<Server[]>
  /** Warm verifications at the fixed rate until it is stopped. A replica that has lost the database answers 503. */
  load(server: Server): RunningLoad
}

export async function setReplicaStage(
  context: PartContext,
  settings: ReplicaSettings,
): Promise<ReplicaStage> {
  const { folder } = context
  const toRevoke =
    settings.revocationsFirst +
    settings.revocationsFeedUp +
    settings.revocationsListenCut +
    settings.cuts * settings.revocationsPerCut
  const postgres = await setPostgresStage(context, settings.keysWarm + toRevoke)
  const { databaseUrl, masterKey, keys } = postgres
  const warmKeys = keys.slice(0, settings.keysWarm)
  const warmFile = writeKeyFile(folder, 'warm', warmKeys)
  let taken = settings.keysWarm
  return {
    settings,
    postgres,
    context,
    warmKeys,

    takeKeys(count) {
      taken += count
      return keys.slice(taken - count, taken)
    },

    async start(name, own) {
      const servers = await Promise.all(
        Array.from({ length: settings.replicas }, (_, index) =>
          startProduct(`${name}-${index + 1}`, {
            folder,
            databaseUrl,
            masterKey,
            // Thousands of requests with revoked keys come from one address here.
            settings: { FAILURE_RATE_LIMIT: 'off', ...own(index) },
          }),
        ),
      )
      for (const { port } of servers) {
        const keys = { from: 'file', file: warmFile, order: 'in turn' } as const
        await runLoad({ port, connections: settings.loadConnections, keys, pace: { kind: 'once' } }, [200])
      }
      return servers
    },

    load: ({ port }) =>
      startLoad(
        {
          port,
          connections: settings.loadConnections,
          keys: { from: 'file', file: warmFile, order: 'random' },
          pace: {
            kind: 'rate',
            perSecond: settings.verificationsPerSecond,
            seconds: null,
            leadInSeconds: 1,
          },
        },
        [200, 503],
      ),
  }
}
