import { readFileSync } from 'node:fs'
import pg from 'pg'
import { KeydeskError } from '../domain/errors.ts'
import { type PostgresAddress, parsePostgresUrl } from '../domain/postgres-url.ts'

/** A pool in which nothing waits forever: neither for a connection, nor for an answer, nor on a dead wire. */
export interface BoundedPool {
  /** Does `work` with a connection of its own. What is not done in time is given up, and its connection with it. */
  use<Result>(work: (client: pg.PoolClient) => Promise<Result>): Promise<Result>
  end(): Promise<void>
}

/**
 * How to connect to the database of a URL.
 * @throws KeydeskError `unavailable` for a URL or a certificate file that cannot be read.
 */
export function readConnection(databaseUrl: string): pg.ClientConfig {
  const address = parsePostgresUrl(databaseUrl)
  if ('problem' in address)
    throw new KeydeskError('unavailable', { message: `The database URL ${address.problem}.` })
  const { host, port, database, user, password, tls } = address
  return {
    host,
    port,
    database,
    user,
    password,
    ssl: tls === null ? false : readTls(tls),
    application_name: 'keydesk',
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
  }
}

function readTls(tls: NonNullable<PostgresAddress['tls']>) {
  return {
    rejectUnauthorized: true,
    ca: readFile(tls.rootCertificateFile),
    cert: readFile(tls.certificateFile),
    key: readFile(tls.keyFile),
  }
}

function readFile(path: string | undefined): string | undefined {
  try {
    return path === undefined ? undefined : readFileSync(path, 'utf8')
  } catch (cause) {
    throw new KeydeskError('unavailable', {
      message: `The file ${path} of the database URL cannot be read.`,
      cause,
    })
  }
}

/** `connectMs` bounds the wait for a connection, `totalMs` that and the work together. */
export function createBoundedPool(
  connection: pg.ClientConfig,
  limits: { max: number; connectMs: number; totalMs: number },
): BoundedPool {
  const pool = new pg.Pool({
    ...connection,
    max: limits.max,
    connectionTimeoutMillis: limits.connectMs,
    idleTimeoutMillis: 60_000,
    onConnect: (client) => prepareConnection(client, limits.totalMs),
  })
  // An idle connection that breaks: the pool has dropped it already, and whoever needs one gets a new one.
  pool.on('error', ignore)
  let ended: Promise<void> | undefined

  return {
    async use(work) {
      let timer: NodeJS.Timeout | undefined
      // Not every wait ends with its connection: whoever asked is answered in time, whatever becomes of the wire.
      const overdue = new Promise<never>((_, reject) => {
        timer = setTimeout(() => reject(new Error(`not done within ${limits.totalMs} ms`)), limits.totalMs)
      })
      try {
        const client = await connectBefore(overdue)
        return await workBefore(overdue, client, work)
      } finally {
        clearTimeout(timer)
      }
    },
    end: () => {
      ended ??= pool.end()
      return ended
    },
  }

  async function connectBefore(overdue: Promise<never>): Promise<pg.PoolClient> {
    const connecting = pool.connect()
    try {
      return await Promise.race([connecting, overdue])
    } catch (error) {
      connecting.then((late) => late.release(), ignore)
      throw error
    }
  }
}

/** Gives the connection back; or drops it, which closes its socket, so that a query that is underway rejects. */
async function workBefore<Result>(
  overdue: Promise<never>,
  client: pg.PoolClient,
  work: (client: pg.PoolClient) => Promise<Result>,
): Promise<Result> {
  // A connection that breaks says so by an event too, which would end the process if nobody listened.
  client.on('error', ignore)
  try {
    const result = await Promise.race([work(client), overdue])
    client.release()
    return result
  } catch (error) {
    client.release(isReusable(client, error) ? undefined : new Error('failed'))
    throw error
  } finally {
    client.off('error', ignore)
  }
}

/**
 * The server gives up a statement before we do: a backend that waits for a lock does not notice that nobody is there any
 * more, and each would keep a connection of the server's. And a standby is refused: what it shows may be old.
 */
async function prepareConnection(client: pg.ClientBase, totalMs: number): Promise<void> {
  const { rows } = await client.query<{ standby: boolean }>({
    text: `SELECT pg_is_in_recovery() AS standby, set_config('statement_timeout', '${Math.floor(totalMs * 0.8)}', false)`,
    query_timeout: totalMs,
  } as pg.QueryConfig)
  if (rows[0]?.standby !== false) throw new Error('the server is a standby, or is recovering')
}

/** After a statement that the server refused. Whatever else went wrong, the state of the connection is not known. */
function isReusable(client: pg.PoolClient, error: unknown): boolean {
  // Classes 08, 57P and XX end the connection, or leave it in doubt.
  const isRefusal = error instanceof pg.DatabaseError && !/^(08|57P|XX)/.test(error.code ?? '08')
  return (isRefusal || error instanceof KeydeskError) && client.getTransactionStatus() === 'I'
}

function ignore(): void {}
