import type pg from 'pg'
import { randomText } from '../domain/random-text.ts'

export const changesChannel = 'keydesk_changes'

const changedIdsMax = 500
const changesKept = 10_000

/** Takes the one place in the line of writers, until the transaction ends. Answers the epoch that it will make. */
export async function advanceEpoch(client: pg.ClientBase): Promise<number> {
  const { rows } = await client.query<{ n: string }>('UPDATE epoch SET n = n + 1 RETURNING n')
  if (rows[0] === undefined) throw new Error('the epoch row is missing')
  return Number(rows[0].n)
}

/** Leaves word of what an epoch changed; null is "anything". Only the last ones are kept: who missed more forgets all. */
export async function noteChanges(
  client: pg.ClientBase,
  epoch: number,
  ids: readonly string[] | null,
): Promise<void> {
  const told = ids === null || ids.length > changedIdsMax ? null : JSON.stringify(ids)
  // A row is there already where the epoch went back, as after a failover that lost commits: then nobody knows what it meant.
  await client.query(
    `INSERT INTO changes (epoch, ids, mark) VALUES ($1, $2, $3)
     ON CONFLICT (epoch) DO UPDATE SET ids = NULL, mark = excluded.mark`,
    [epoch, told, randomText(16)],
  )
  if (epoch % 1000 === 0) await client.query('DELETE FROM changes WHERE epoch <= $1', [epoch - changesKept])
}
