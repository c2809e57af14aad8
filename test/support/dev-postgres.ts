import { chmodSync, chownSync, mkdirSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { mayUse, serverUser } from './postgres-programs.ts'
import { type PostgresServer, startPostgresServer } from './postgres-server.ts'

/** The Postgres of `npm run dev -- --postgres`. */
export interface DevPostgres {
  readonly databaseUrl: string
  /** The same for people, who read the password from its file. */
  readonly urlInShell: string
  stop(): Promise<void>
}

const databaseName = 'keydesk'

/**
 * Starts a server whose data stay in `folder`, which is read from `root`, and makes its database on the first run.
 * @throws Error which says why it did not start
 */
export async function startDevPostgres(root: string, folder: string): Promise<DevPostgres> {
  const path = join(root, folder)
  openToServer(dirname(path))
  const server: PostgresServer = await startPostgresServer({
    folder: path,
    durable: true,
    settings: { timezone: 'UTC' },
  })
  const databaseUrl = await server.database(databaseName)
  const { username, password } = new URL(databaseUrl)
  return {
    databaseUrl,
    urlInShell: databaseUrl.replace(`${username}:${password}@`, `${username}:$(cat ${folder}/password)@`),
    stop: () => server.close(),
  }
}

/** The folder of the master key is closed to others. A server that root starts runs as one of them, and may pass through. */
function openToServer(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const user = serverUser()
  if (user.gid === undefined || mayUse('-x', folder, user)) return
  const { uid, mode } = statSync(folder)
  chownSync(folder, uid, user.gid)
  chmodSync(folder, (mode & 0o700) | 0o010)
}
