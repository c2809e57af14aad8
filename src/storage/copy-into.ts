import type pg from 'pg'
import { KeydeskError } from '../domain/errors.ts'
import type { CopiedTable } from './copied-tables.ts'
import { lockId } from './migrate-postgres.ts'
import { advanceEpoch, changesChannel, noteChanges } from './note-changes.ts'
import { forLog } from './postgres-errors.ts'

/** So long whatever has to give way may take: a replica that starts, a list that is being written. */
const lockWaitMs = 60_000
const lockPauseMs = 50
const lockNotAvailable = '55P03'

/**
 * Does `work` in one transaction. As long as it lasts replicas on this Postgres write nothing, and go on reading what was
 * there before; once it is committed they forget everything that they remember.
 * @throws KeydeskError `unavailable`, and what `work` throws: then nothing has changed.
 */
export async function copyInto<Result>(
  client: pg.ClientBase,
  tables: readonly CopiedTable[],
  work: () => Promise<Result>,
): Promise<Result> {
  let result: Result
  try {
    await client.query(
      `BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = ${lockWaitMs};
       SET LOCAL idle_in_transaction_session_timeout = ${lockWaitMs}`,
    )
    // The lock of migrations first, then the epoch as every list does, then the tables, where usage is written without it.
    await client.query('SELECT pg_advisory_xact_lock($1)', [lockId])
    await noteChanges(client, await advanceEpoch(client), null)
    await lockTables(client, tables)
    result = await work()
  } catch (error) {
    await client.query('ROLLBACK').catch(() => undefined)
    throw error instanceof KeydeskError ? error : failure('The copy could not be finished.', error)
  }
  try {
    await client.query(`NOTIFY ${changesChannel}; COMMIT`)
  } catch (cause) {
    throw failure(
      'The connection broke at the very end. Either all of the copy is there, or nothing of it: run this again.',
      cause,
    )
  }
  return result
}

/**
 * Against writers, not readers. All tables at once or none: whoever waits for one table while holding another could wait
 * for a flush of usage that waits for it.
 */
async function lockTables(client: pg.ClientBase, tables: readonly CopiedTable[]): Promise<void> {
  const names = tables.map(({ name }) => client.escapeIdentifier(name)).join()
  await client.query('SAVEPOINT unlocked')
  for (const begunAt = performance.now(); ; ) {
    try {
      await client.query(`LOCK TABLE ${names} IN SHARE ROW EXCLUSIVE MODE NOWAIT`)
      return
    } catch (error) {
      const isTaken = (error as { code?: unknown }).code === lockNotAvailable
      if (!isTaken || performance.now() - begunAt > lockWaitMs) throw error
    }
    await client.query('ROLLBACK TO unlocked')
    await new Promise((resolve) => setTimeout(resolve, lockPauseMs))
  }
}

function failure(message: string, cause: unknown): KeydeskError {
  return new KeydeskError('unavailable', { message, cause: forLog(cause) })
}
