import { drizzle } from 'drizzle-orm/node-postgres'
import pg from 'pg'
import { apiKeys, identities, users } from '../src/storage/schema.postgres.ts'
import { identityOf, keyRow, openTagKey, owner, type SeedKey } from './seed.ts'

/** For whom keys are minted beside a load: a mint makes the owner's other keys be read again, and it owns none of them. */
export const mintOwnerId = 'usr_minted'
const rowsAtOnce = 500

/** The tag key of a database that the product has made. */
export function readPostgresTagKey(databaseUrl: string, masterKey: string): Promise<Uint8Array> {
  return connected(databaseUrl, async (client) => {
    const { rows } = await client.query<{ id: string; wrapped: string }>(
      `SELECT id, wrapped FROM keyring WHERE purpose = 'tag'`,
    )
    return openTagKey(rows[0], masterKey)
  })
}

/** Adds these keys and their owner to a database that the product has made. To be called while it is stopped. */
export function seedPostgres(databaseUrl: string, keys: readonly SeedKey[]): Promise<void> {
  return connected(databaseUrl, async (client) => {
    const orm = drizzle({ client })
    const at = new Date()
    const people = [owner(at), { ...owner(at), id: mintOwnerId, email: 'mia@example.com' }]
    await orm.insert(users).values(people)
    await orm.insert(identities).values(people.map((user) => identityOf(user, at)))
    const rows = keys.map(({ id, hashes: [secretHash = ''] }) => keyRow({ id, secretHash }, at))
    for (let from = 0; from < rows.length; from += rowsAtOnce) {
      await orm.insert(apiKeys).values(rows.slice(from, from + rowsAtOnce))
    }
    await client.query('ANALYZE')
  })
}

async function connected<Result>(
  databaseUrl: string,
  work: (client: pg.Client) => Promise<Result>,
): Promise<Result> {
  const client = new pg.Client({ connectionString: databaseUrl })
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}
