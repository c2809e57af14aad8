import type { BoundedPool } from './postgres-pool.ts'
import type { Confirmation } from './query.ts'

/**
 * So long a replica trusts what it remembers, from the start of its last look that succeeded. A little less than two
 * seconds: clocks differ in how fast they run.
 */
export const trustMs = 1950
/** So long after its commit nobody can trust what was true before. */
const lapseMs = 2000

/** What a look at the database shows. */
export interface Look {
  readonly epoch: number
  /** The marks of the epoch that was seen before, and of the newest; null where its row is not there. */
  readonly seenMark: string | null
  readonly mark: string | null
  /** The ids that each epoch since the last look changed; null for any, and for more than are kept. */
  readonly changes: readonly (readonly string[] | null)[] | null
  /** How often each announced replica has looked. */
  readonly looks: Readonly<Record<string, number>>
}

const changesReadMax = 1000
const pausesMs = [2, 4, 8, 16, 32, 50]

/*
 * One statement, so that all of it is of one moment. It writes: a server that takes no writes is no primary, and what it
 * shows may be old. The write need not survive a crash of the server, so nobody waits for the disk; `looks` is counted by
 * the replica, so that a count never comes twice, whatever a crash takes back.
 */
const lookText = `
  WITH me AS (UPDATE replicas SET looks = GREATEST(looks, $3), epoch = $2 WHERE id = $1 RETURNING id)
  SELECT epoch.n AS epoch,
    (SELECT count(*) FROM me) AS announced,
    (SELECT mark FROM changes WHERE changes.epoch = $2) AS seen_mark,
    (SELECT mark FROM changes WHERE changes.epoch = epoch.n) AS mark,
    (SELECT jsonb_agg(ids ORDER BY changed.epoch) FROM
      (SELECT changes.epoch, ids FROM changes WHERE changes.epoch > $2 ORDER BY changes.epoch LIMIT ${changesReadMax}) AS changed
    ) AS changes,
    (SELECT jsonb_object_agg(id, looks) FROM replicas) AS looks,
    set_config('synchronous_commit', 'off', true)
  FROM epoch`

/** The rows by which replicas know of each other, and of what the others have seen. */
export function createReplicas(pool: BoundedPool, id: string) {
  let looked = 0
  return {
    /**
     * Looks, having seen everything up to `seen`. Null: this replica is not announced, and must trust nothing.
     * @throws Error what the database says
     */
    async look(seen: number): Promise<Look | null> {
      looked += 1
      const { rows } = await pool.use((client) => client.query(lookText, [id, seen, looked]))
      const [row] = rows
      if (row === undefined) throw new Error('the epoch row is missing')
      if (row.announced === '0') return null
      const { seen_mark: seenMark, mark, changes, looks } = row
      return { epoch: Number(row.epoch), seenMark, mark, changes, looks: looks ?? {} }
    },

    /** From here on revocations wait for this replica. */
    announce: () =>
      pool.use((client) =>
        client.query(
          'INSERT INTO replicas (id, epoch, looks) VALUES ($1, 0, $2) ON CONFLICT (id) DO NOTHING',
          [id, looked],
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
  const confirmed = new Map<string, Confirmation>()
  let silent: readonly string[] = []
  let target: number | null = null
  for (let round = 0; elapsed() < lapseMs; round += 1) {
    const rows = await Promise.race([readReplicas(pool), pause(lapseMs - elapsed())])
    if (rows !== null) {
      target ??= rows.epoch
      const wanted = target
      for (const { id, epoch } of rows.replicas) {
        if (epoch >= wanted && !confirmed.has(id)) {
          confirmed.set(id, { id, confirmed: true, ms: Math.round(elapsed() * 10) / 10 })
        }
      }
      // Who is not there any more was closed in good order, or struck off after a silence: it trusts nothing.
      silent = rows.replicas.map(({ id }) => id).filter((id) => !confirmed.has(id))
      if (silent.length === 0) return [...confirmed.values()]
    }
    await pause(Math.min(lapseMs - elapsed(), pausesMs[Math.min(round, pausesMs.length - 1)] ?? 0))
  }
  return [...confirmed.values(), ...silent.map((id) => ({ id, confirmed: false, ms: lapseMs }))]
}

/** Null when the database does not answer: time passes, and trust with it. */
async function readReplicas(pool: BoundedPool) {
  try {
    const { rows } = await pool.use((client) =>
      client.query(
        'SELECT epoch.n, replicas.id, replicas.epoch AS seen FROM epoch LEFT JOIN replicas ON true ORDER BY replicas.id',
      ),
    )
    if (rows[0] === undefined) return null
    return {
      epoch: Number(rows[0].n),
      replicas: rows
        .filter(({ id }) => id !== null)
        .map(({ id, seen }) => ({ id: String(id), epoch: Number(seen) })),
    }
  } catch {
    return null
  }
}

function pause(ms: number): Promise<null> {
  return new Promise((resolve) => setTimeout(() => resolve(null), Math.max(0, ms)))
}
