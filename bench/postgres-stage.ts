import { randomBytes } from 'node:crypto'
import { type PostgresServer, startPostgresServer } from '../test/support/postgres-server.ts'
import type { PartContext } from './part.ts'
import { makeKeys, type SeedKey } from './seed.ts'
import { readPostgresTagKey, seedPostgres } from './seed-postgres.ts'
import { startProduct } from './servers.ts'

/** A real Postgres with keys in it, and nobody connected. */
export interface PostgresStage {
  readonly server: PostgresServer
  readonly databaseUrl: string
  readonly masterKey: string
  /** Hashed at a cheap cost, so that they are warmed in no time. */
  readonly keys: readonly SeedKey[]
}

/** As Postgres is by itself: what tests set smaller is put back. What is acknowledged has reached the disk. */
const serverSettings = { shared_buffers: '128MB', max_wal_size: '1GB', wal_level: 'replica' }

export async function setPostgresStage(context: PartContext, keyCount: number): Promise<PostgresStage> {
  const { folder, atEnd, say } = context
  say(`Postgres, with ${keyCount} keys`)
  const server = await startPostgresServer({ durable: true, settings: serverSettings })
  atEnd(() => server.close())
  const databaseUrl = await server.database('bench')
  const masterKey = randomBytes(32).toString('hex')
  // The product makes the tables and the keyring itself.
  const first = await startProduct('first', { folder, databaseUrl, masterKey })
  await first.stop()
  const tagKey = await readPostgresTagKey(databaseUrl, masterKey)
  const { warm: keys } = await makeKeys(tagKey, { warm: keyCount, cold: 0 })
  await seedPostgres(databaseUrl, keys)
  return { server, databaseUrl, masterKey, keys }
}
