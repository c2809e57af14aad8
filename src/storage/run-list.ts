import { drizzle } from 'drizzle-orm/node-postgres'
import type pg from 'pg'
import { advanceEpoch, changesChannel, noteChanges } from './note-changes.ts'
import { createNotedWriter, type NotedStep } from './noted-writer.ts'
import { isUniqueViolation, mayBeTriedAgain, unwrap } from './postgres-errors.ts'
import type { BoundedPool } from './postgres-pool.ts'
import type { Step, Writer } from './query.ts'
import * as schema from './schema.postgres.ts'

/** Guarantee: on node-postgres every write of drizzle is carried out when it is awaited. */
interface Executable extends PromiseLike<{ rowCount: number | null }> {
  returning(columns: { id: unknown }): PromiseLike<{ id: string }[]>
}

class GuardFailed extends Error {}

/**
 * Runs the whole list in one transaction on Postgres. Answers the ids of the rows that may be remembered, or null where
 * nothing landed. A noticed list takes the epoch first: it waits for its turn there, and every statement after sees what
 * the writers before it left.
 */
export async function runList(
  pool: BoundedPool,
  list: (tx: Writer) => readonly Step[],
  { statementMs, isNoticed }: { statementMs: number; isNoticed: boolean },
): Promise<string[] | null> {
  const run = () => pool.use((client) => runOnce(client, list, { statementMs, isNoticed }))
  const begunAt = performance.now()
  try {
    return await run()
  } catch (error) {
    // Once more where the server ended it for standing in another's way, unless the time is up.
    if (!mayBeTriedAgain(error) || performance.now() - begunAt > statementMs / 2) throw error
    return run()
  }
}

async function runOnce(
  client: pg.PoolClient,
  list: (tx: Writer) => readonly Step[],
  { statementMs, isNoticed }: { statementMs: number; isNoticed: boolean },
): Promise<string[] | null> {
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
