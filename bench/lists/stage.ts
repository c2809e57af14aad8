import { createHash, randomBytes } from 'node:crypto'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { manyRows } from '../../test/support/many-rows.ts'
import type { PartContext } from '../part.ts'
import { type Server, startProduct } from '../servers.ts'
import type { ListSettings } from './settings.ts'

/** A server with as much in its database as years leave, and who may read it. */
export interface ListStage {
  readonly server: Server
  readonly masterKey: string
  /** The cookie of a signed-in admin. */
  readonly cookie: string
}

/** An admin among the rows. */
const adminId = 'usr_1000001'

export async function setListStage({ folder, say }: PartContext, settings: ListSettings): Promise<ListStage> {
  const file = join(folder, 'lists.db')
  const masterKey = randomBytes(32).toString('hex')
  const options = {
    folder,
    databaseUrl: `file:${file}`,
    masterKey,
    settings: {
      GOOGLE_CLIENT_ID: 'bench',
      GOOGLE_CLIENT_SECRET: randomBytes(16).toString('hex'),
      AUTH_RATE_LIMIT: 'off',
      DANGEROUSLY_ALLOW_ANY_ACCOUNT: 'true',
    },
  }
  // The product makes the tables itself.
  const first = await startProduct('first', options)
  await first.stop()
  say(`${settings.users} users, ${settings.keys} keys, ${settings.events} audit events`)
  const secret = randomBytes(32).toString('base64url')
  fill(file, settings, secret)
  const server = await startProduct('lists', options)
  return { server, masterKey, cookie: `__Host-keydesk=${secret}` }
}

function fill(file: string, settings: ListSettings, secret: string): void {
  const database = new Sqlite(file)
  database.pragma('synchronous = OFF')
  const now = new Date()
  for (const statement of manyRows('sqlite', settings, now)) database.exec(statement)
  const hash = createHash('sha256').update(secret).digest('base64url')
  database
    .prepare(
      `INSERT INTO sessions (id, user_id, provider, secret_hash, created_at, last_seen_at, expires_at)
       VALUES ('ses_bench', ?, 'google', ?, ?, ?, ?)`,
    )
    .run(adminId, hash, now.getTime(), now.getTime(), now.getTime() + 86_400_000)
  database.pragma('wal_checkpoint(TRUNCATE)')
  database.close()
}
