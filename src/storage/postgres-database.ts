import { drizzle } from 'drizzle-orm/node-postgres'
import pg from 'pg'
import { KeydeskError } from '../domain/errors.ts'
import { changesChannel, createChangeFeed, type Report } from './change-feed.ts'
import { migratePostgres } from './migrate-postgres.ts'
import { createNotedWriter, type NotedStep } from './noted-writer.ts'
import { forLog, isUniqueViolation, mayBeTriedAgain, openingHint, unwrap } from './postgres-errors.ts'
import { type BoundedPool, createBoundedPool, readConnection } from './postgres-pool.ts'
import type { Database, Query, Step, Writer } from './query.ts'
import { createRateCounts } from './rate-counts.ts'
import { confirmByReplicas } from './replicas.ts'
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
const changedIdsMax = 500
const triesMax = 3

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
  const { poolSize = 10, connectMs = 1000, statementMs = 1500 } = options
  const connection = readConnection(databaseUrl)
  const report: Report = (message, cause) =>
    options.report?.(message, cause === undefined ? cause : forLog(cause))
  await migrate(connection, migrationsFolder)
  // Two of them look and listen. Half of the rest is for verification alone: whatever is slow cannot be in its way.
  const readingMax = Math.max(1, Math.floor((poolSize - 2) / 2))
  const work = createBoundedPool(connection, {
    max: Math.max(1, poolSize - 2 - readingMax),
    connectMs,
    totalMs: Math.max(connectMs, statementMs),
  })
  const verificationLimits = { connectMs: verificationMs, totalMs: verificationMs }
  const reading = createBoundedPool(connection, { max: readingMax, ...verificationLimits })
  const looking = createBoundedPool(connection, { max: 1, ...verificationLimits })
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
        const changedIds = await runAgain(() => runList(work, list, { statementMs, isNoticed: true }))
        if (changedIds !== null) feed.committed(changedIds)
        return changedIds !== null
      }),
    atomicallyUnnoticed: (list) =>
      attempt(async () => {
        const landed = await runAgain(() => runList(work, list, { statementMs, isNoticed: false }))
        return landed !== null
      }),
    generation: feed.generation,
    changedSince: feed.changedSince,
    confirmChanges: () => confirmByReplicas(reading),
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

/** Guarantee: on node-postgres every select of drizzle has `prepare`, and every write is carried out when awaited. */
interface Preparable<Row> {
  prepare(name: string): { execute(values: Record<string, unknown>): Promise<Row[]> }
}
interface Executable extends PromiseLike<{ rowCount: number | null }> {
  returning(columns: { id: unknown }): PromiseLike<{ id: string }[]>
}

class GuardFailed extends Error {}

/**
 * Runs the whole list in one transaction. Answers the ids of the rows that may be remembered, or null where nothing
 * landed. A noticed list takes the epoch first: it waits for its turn there, and every statement after sees what the
 * writers before it left.
 */
function runList(
  pool: BoundedPool,
  list: (tx: Writer) => readonly Step[],
  { statementMs, isNoticed }: { statementMs: number; isNoticed: boolean },
): Promise<string[] | null> {
  return pool.use(async (client) => {
    const orm = drizzle({ client: client as unknown as pg.Pool }) as unknown as Writer
    const { writer, notedSteps, unnoticedSteps } = createNotedWriter(orm, schema)
    const steps = isNoticed ? notedSteps(list(writer)) : unnoticedSteps(list(writer))
    try {
      // The server ends by itself what a dead process or a cut wire would leave open, and the epoch locked.
      await client.query(
        `BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL statement_timeout = ${statementMs};
         SET LOCAL idle_in_transaction_session_timeout = ${statementMs}`,
      )
      const epoch = isNoticed ? await advanceEpoch(client) : null
      const changedIds = await runSteps(steps)
      if (epoch !== null) await noteChanges(client, epoch, changedIds)
      await client.query(isNoticed ? `NOTIFY ${changesChannel}; COMMIT` : 'COMMIT')
      return changedIds
    } catch (error) {
      await client.query('ROLLBACK').catch(() => undefined)
      const cause = unwrap(error)
      // A unique row that somebody else wrote first means the same as a guard that no longer holds: read again, decide again.
      if (cause instanceof GuardFailed || isUniqueViolation(cause)) return null
      throw cause
    }
  })
}

async function advanceEpoch(client: pg.PoolClient): Promise<number> {
  const { rows } = await client.query<{ n: string }>('UPDATE epoch SET n = n + 1 RETURNING n')
  if (rows[0] === undefined) throw new Error('the epoch row is missing')
  return Number(rows[0].n)
}

/** Only the last ones are kept: who missed more forgets everything. */
async function noteChanges(client: pg.PoolClient, epoch: number, ids: readonly string[]): Promise<void> {
  await client.query('INSERT INTO changes (epoch, ids) VALUES ($1, $2)', [
    epoch,
    ids.length > changedIdsMax ? null : JSON.stringify(ids),
  ])
  if (epoch % 1000 === 0) await client.query('DELETE FROM changes WHERE epoch <= $1', [epoch - 10_000])
}

async function runSteps(steps: readonly NotedStep[]): Promise<string[]> {
  const changedIds: string[] = []
  for (const { statement, rows, rememberedId } of steps) {
    const write = statement as unknown as Executable
    let changes: number | null
    if (rememberedId === undefined) changes = (await write).rowCount
    else {
      const written = await write.returning({ id: rememberedId })
      changes = written.length
      for (const { id } of written) changedIds.push(id)
    }
    if (rows !== undefined && rows !== changes) throw new GuardFailed()
  }
  return changedIds
}

async function runAgain<Result>(run: () => Promise<Result>): Promise<Result> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await run()
    } catch (error) {
      if (tries === triesMax || !mayBeTriedAgain(error)) throw error
    }
  }
}

async function attempt<Result>(work: () => PromiseLike<Result>): Promise<Result> {
  try {
    return await work()
  } catch (cause) {
    throw unavailable(forLog(cause))
  }
}
