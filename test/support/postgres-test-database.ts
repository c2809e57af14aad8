import { randomBytes } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import pg from 'pg'
import { allowConnections, dropDatabase, ensureDatabase } from './postgres-roles.ts'
import type { TestDatabase } from './test-database.ts'

/** How long a change is waited for: replicas that say nothing have lost their trust in what they remember by then. */
const confirmMsMax = 2000
const confirmPauseMs = 2

/** A database of its own on a server that runs: empty, so that Keydesk makes its tables when it opens it, or a copy. */
export async function createPostgresTestDatabase(adminUrl: string, template?: string): Promise<TestDatabase> {
  const name = `test_${randomBytes(8).toString('hex')}`
  const url = await ensureDatabase(adminUrl, name, template)
  const pool = new pg.Pool({ connectionString: url, max: 3, types: { getTypeParser: parserFor } })
  // Whoever asks next gets another connection.
  pool.on('error', () => undefined)

  const rows = async (select: string, ...values: unknown[]): Promise<any[]> =>
    (await pool.query(numbered(select), values)).rows

  async function everyTable(): Promise<string[]> {
    const found = await rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename")
    return found.map(({ tablename }) => tablename)
  }

  /** Without what replicas tell each other, whatever is asked of them. */
  const storedTables = async () => (await everyTable()).filter((table) => !feedTables.has(table))

  return {
    engine: 'postgres',
    url,
    get file(): string {
      throw new Error('only a SQLite database is a file: keep this test to the project "main"')
    },
    rows,
    rowsOfEach: (selects) => Promise.all(selects.map((select) => rows(select))),
    change: async (statement, ...values) => {
      const epoch = await inTransaction(pool, async (client) => {
        // First, as Keydesk itself does: whoever writes waits here, and not for each other's rows.
        const { rows: advanced } = await client.query('UPDATE epoch SET n = n + 1 RETURNING n')
        await client.query(numbered(statement), values)
        await client.query('NOTIFY keydesk_changes')
        return advanced[0]?.n
      })
      const deadline = performance.now() + confirmMsMax
      const unaware = () => rows('SELECT 1 FROM replicas WHERE epoch < ?', epoch)
      while ((await unaware()).length > 0 && performance.now() < deadline) await pause(confirmPauseMs)
    },
    contents: async () => {
      const parts = await Promise.all(
        (await everyTable()).map((table) => rows(`SELECT one::text AS row FROM "${table}" AS one`)),
      )
      return parts
        .flat()
        .map(({ row }) => row)
        .join('\n')
    },
    lockWrites: async () => {
      const tables = await storedTables()
      const client = await pool.connect()
      await client.query(`BEGIN; LOCK TABLE ${tables.join()} IN EXCLUSIVE MODE`)
      return async () => {
        await client.query('ROLLBACK')
        client.release()
      }
    },
    breakDown: async () => {
      await allowConnections(adminUrl, name, false)
      return () => allowConnections(adminUrl, name, true)
    },
    watchWrites: async () => {
      const tables = await storedTables()
      // Each version of a row names the transaction that wrote it.
      const select = tables
        .map((table) => `SELECT '${table}' AS name, count(*), max(xmin::text::bigint) FROM "${table}"`)
        .join(' UNION ALL ')
      return {
        mark: () => rows(`${select} ORDER BY name`).then((found) => JSON.stringify(found)),
        end: async () => {},
      }
    },
    drop: async () => {
      await pool.end()
      await dropDatabase(adminUrl, name)
    },
  }
}

const feedTables = new Set(['epoch', 'changes', 'replicas', 'rate_counts'])

async function inTransaction<Result>(
  pool: pg.Pool,
  work: (client: pg.PoolClient) => Promise<Result>,
): Promise<Result> {
  const client = await pool.connect()
  try {
    await client.query('BEGIN')
    const result = await work(client)
    await client.query('COMMIT')
    client.release()
    return result
  } catch (error) {
    // Its transaction ends with it.
    client.release(true)
    throw error
  }
}

function numbered(statement: string): string {
  let count = 0
  return statement.replaceAll('?', () => {
    count += 1
    return `$${count}`
  })
}

const { BOOL, INT8, NUMERIC, TIMESTAMPTZ, JSON: JSON_TEXT, JSONB } = pg.types.builtins
const parsers: Readonly<Record<number, (text: string) => unknown>> = {
  [BOOL]: (text) => (text === 't' ? 1 : 0),
  [INT8]: Number,
  [NUMERIC]: Number,
  [TIMESTAMPTZ]: (text) => Date.parse(text),
  [JSON_TEXT]: (text) => text,
  [JSONB]: (text) => text,
}

function parserFor(type: number): any {
  return parsers[type] ?? pg.types.getTypeParser(type)
}
