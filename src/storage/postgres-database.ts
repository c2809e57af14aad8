import { drizzle } from 'drizzle-orm/node-postgres'
import pg from 'pg'
import { KeydeskError } from '../domain/errors.ts'
import { createChangeFeed, type Report } from './change-feed.ts'
import { migratePostgres } from './migrate-postgres.ts'
import { forLog, openingHint } from './postgres-errors.ts'
import { type BoundedPool, createBoundedPool, readConnection } from './postgres-pool.ts'
import type { Database, Query, Writer } from './query.ts'
import { createRateCounts } from './rate-counts.ts'
import { confirmByReplicas } from './replicas.ts'
import { runList } from './run-list.ts'
import * as schema from './schema.postgres.ts'
import { unavailable } from './unavailable.ts'

export interface PostgresOptions {
  /** For LISTEN, where `databaseUrl` leads to a pooler that shares connections between transactions. */
  readonly listenUrl?: string | undefined
  /** Connections that this process holds at most, all told; at least 4. */
  readonly poolSize?: number
  readonly connectMs?: number
  readonly statementMs?: number
  readonly report?: Report
}

const verificationMs = 500
const openingMs = 10_000

/**
 * Opens a Postgres, as one of however many replicas.
 * @throws KeydeskError `unavailable` when it cannot be reached or was migrated by a newer version.
 */
export async function openPostgres(
  databaseUrl: string,
  migrationsFolder: string,
  replicaId: string,
  options: PostgresOptions,
): Promise<Database> {
  const { poolSize = 10, connectMs = 500, statementMs = 1500 } = options
  const connection = readConnection(databaseUrl)
  const report: Report = (message, cause) =>
    options.report?.(message, cause === undefined ? cause : forLog(cause))
  await migrate(connection, migrationsFolder)
  // Two of them look and listen. Half of the rest is for verification and its limits: what is slow cannot be in their way.
  const readingMax = Math.max(1, Math.floor((poolSize - 2) / 2))
  const work = createBoundedPool(connection, {
    max: Math.max(1, poolSize - 2 - readingMax),
    connectMs,
    totalMs: Math.max(connectMs, statementMs),
  })
  const reading = createBoundedPool(connection, {
    max: readingMax,
    connectMs,
    totalMs: Math.max(connectMs, verificationMs),
  })
  const looking = createBoundedPool(connection, {
    max: 1,
    connectMs: verificationMs,
    totalMs: verificationMs,
  })
  const feed = createChangeFeed({
    pool: looking,
    connection: options.listenUrl === undefined ? connection : readConnection(options.listenUrl),
    replicaId,
    report,
  })
  const close = async () => {
    await feed.close()
    await Promise.all([work.end(), reading.end(), looking.end()])
  }
  try {
    await feed.start()
  } catch (cause) {
    await close()
    throw unavailable(forLog(cause))
  }
  const select = selectOn(work)
  return {
    tables: schema,
    select,
    rows: (query) => attempt(() => query as unknown as PromiseLike<never[]>),
    prepared: <Row>(build: (selectRows: typeof select) => Query<Row>) => {
      // Without a name: a pooler may give the next call another server connection, which knows no statement of ours.
      const statement = (build(selectOn(reading)) as unknown as Preparable<Row>).prepare('')
      return (values) => attempt(() => statement.execute(values))
    },
    atomically: (list) =>
      attempt(async () => {
        const changedIds = await runList(work, list, { statementMs, isNoticed: true })
        if (changedIds !== null) feed.committed(changedIds)
        return changedIds !== null
      }),
    atomicallyUnnoticed: (list) =>
      attempt(async () => {
        const changedIds = await runList(work, list, { statementMs, isNoticed: false })
        return changedIds !== null
      }),
    generation: feed.generation,
    changedSince: feed.changedSince,
    confirmChanges: () => confirmByReplicas(work),
    rateCounts: createRateCounts(reading),
    feedState: feed.state,
    // What verification needs. Where admins have used up their connections, this replica can still do its work.
    ping: async () => void (await feed.generation()),
    close,
  }
}

async function migrate(connection: pg.ClientConfig, migrationsFolder: string): Promise<void> {
  const client = new pg.Client({ ...connection, connectionTimeoutMillis: openingMs })
  client.on('error', () => undefined)
  try {
    await client.connect()
    await migratePostgres(client, migrationsFolder)
  } catch (cause) {
    if (cause instanceof KeydeskError) throw cause
    throw new KeydeskError('unavailable', {
      message: `The database ${connection.database} at ${connection.host}:${connection.port} cannot be opened. ${openingHint(cause)}`,
      cause: forLog(cause),
    })
  } finally {
    await client.end().catch(() => undefined)
  }
}

/** Guarantee: drizzle asks a client only for `query`, and a pool that is given up in time answers that as a client does. */
function selectOn(pool: BoundedPool): Writer['select'] {
  const client = {
    query: (config: pg.QueryConfig, values: unknown[]) => pool.use((one) => one.query(config, values)),
  }
  const orm = drizzle({ client: client as unknown as pg.Pool }) as unknown as Writer
  return orm.select.bind(orm)
}

/** Guarantee: on node-postgres every select of drizzle has `prepare`. */
interface Preparable<Row> {
  prepare(name: string): { execute(values: Record<string, unknown>): Promise<Row[]> }
}

async function attempt<Result>(work: () => PromiseLike<Result>): Promise<Result> {
  try {
    return await work()
  } catch (cause) {
    throw unavailable(forLog(cause))
  }
}
