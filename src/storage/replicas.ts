import type { BoundedPool } from './postgres-pool.ts'
import type { Confirmation } from './query.ts'

/** What a look at the database shows. */
export interface Look {
  readonly epoch: number
  /** The ids that each epoch since the last look changed; null for any, and for more than are kept. */
  readonly changes: readonly (readonly string[] | null)[] | null
  /** How often each announced replica has looked. */
  readonly looks: Readonly<Record<string, number>>
}

const trustMs = 2000
const changesReadMax = 1000
const pausesMs = [2, 4, 8, 16, 32, 50]

/*
 * One statement, so that all of it is of one moment. It writes: a server that takes no writes is no primary, and what it
 * shows may be old. The write need not survive a crash of the server, so nobody waits for the disk.
 */
const lookText = `
  WITH me AS (UPDATE replicas SET looks = looks + 1, epoch = $2 WHERE id = $1 RETURNING id)
  SELECT epoch.n AS epoch,
    (SELECT count(*) FROM me) AS announced,
    (SELECT jsonb_agg(ids ORDER BY changed.epoch) FROM
      (SELECT changes.epoch, ids FROM changes WHERE changes.epoch > $2 ORDER BY changes.epoch LIMIT ${changesReadMax}) AS changed
    ) AS changes,
    (SELECT jsonb_object_agg(id, looks) FROM replicas) AS looks,
    set_config('synchronous_commit', 'off', true)
  FROM epoch`

/** The rows by which replicas know of each other, and of what the others have seen. */
export function createReplicas(pool: BoundedPool, id: string) {
  return {
    /** Looks, having seen everything up to `seen`. Null: this replica is not announced, and must trust nothing. */
    async look(seen: number): Promise<Look | null> {
      const { rows } = await pool.use((client) => client.query(lookText, [id, seen]))
      const [row] = rows
      if (row === undefined || row.announced === '0') return null
      return { epoch: Number(row.epoch), changes: row.changes, looks: row.looks ?? {} }
    },

    /** From here on revocations wait for this replica. */
    announce: () =>
      pool.use((client) =>
        client.query(
          'INSERT INTO replicas (id, epoch, looks, started_at) VALUES ($1, 0, 0, now()) ON CONFLICT DO NOTHING',
          [id],
        ),
      ),

    /** Strikes a replica off, unless it has looked in the meantime. It has to announce itself again before it trusts. */
    strikeOff: (silent: string, looks: number) =>
      pool.use((client) =>
        client.query('DELETE FROM replicas WHERE id = $1 AND looks = $2', [silent, looks]),
      ),

    leave: () => pool.use((client) => client.query('DELETE FROM replicas WHERE id = $1', [id])),
  }
}

/**
 * Waits until every replica has confirmed what is committed now, or has lost its trust in what it remembers. A look that
 * shows less than what was committed before this call began before it, and is trusted for two seconds from its beginning:
 * so two seconds from now no replica acts on the past, whether it answers or not, and whatever its clock says.
 */
export async function confirmByReplicas(pool: BoundedPool): Promise<Confirmation[]> {
  const begunAt = performance.now()
  const elapsed = () => performance.now() - begunAt
  const said = new Map<string, Confirmation>()
  const waiting = new Set<string>()
  let target: number | null = null
  for (let round = 0; ; round += 1) {
    const rows = await readReplicas(pool)
    if (rows !== null) {
      target ??= rows.epoch
      for (const { id, epoch } of rows.replicas) {
        if (said.has(id)) continue
        waiting.add(id)
        if (epoch >= target) say(id, true)
      }
      // Who has gone was closed in good order, or struck off after a silence: neither trusts its memory any more.
      for (const id of waiting) if (!rows.replicas.some((replica) => replica.id === id)) say(id, false)
      if (waiting.size === 0) break
    }
    const left = trustMs - elapsed()
    if (left <= 0) break
    await pause(Math.min(left, pausesMs[Math.min(round, pausesMs.length - 1)] ?? left))
  }
  const silent = [...waiting].map((id) => ({ id, confirmed: false, ms: trustMs }))
  return [...said.values(), ...silent]

  function say(id: string, confirmed: boolean): void {
    waiting.delete(id)
    said.set(id, { id, confirmed, ms: Math.round(elapsed() * 10) / 10 })
  }
}

/** Null when the database does not answer: time passes, and trust with it. */
async function readReplicas(pool: BoundedPool) {
  try {
    const { rows } = await pool.use((client) =>
      client.query(
        'SELECT epoch.n, replicas.id, replicas.epoch AS seen FROM epoch LEFT JOIN replicas ON true ORDER BY replicas.id',
      ),
    )
    return {
      epoch: Number(rows[0]?.n),
      replicas: rows
        .filter(({ id }) => id !== null)
        .map(({ id, seen }) => ({ id: String(id), epoch: Number(seen) })),
    }
  } catch {
    return null
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
