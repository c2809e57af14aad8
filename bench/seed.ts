import { randomBytes } from 'node:crypto'
import { copyFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import argon2 from 'argon2'
import Sqlite from 'better-sqlite3'
import { drizzle } from 'drizzle-orm/better-sqlite3'
import { readConfig } from '../src/config.ts'
import { deriveKeys } from '../src/domain/derived-keys.ts'
import { newKeyId, newKeyText } from '../src/domain/key-text.ts'
import { openSealed } from '../src/domain/sealed-text.ts'
import { apiKeys, identities, users } from '../src/storage/schema.sqlite.ts'

export interface SeedKey {
  readonly id: string
  readonly text: string
  /** Hashes of the text: the stored one, and for a cold key another to put in its place. */
  readonly hashes: readonly string[]
}

export interface HashCost {
  readonly memoryCost: number
  readonly timeCost: number
  readonly parallelism: number
  readonly concurrency: number
}

const cheap = { memoryCost: 64, timeCost: 1, parallelism: 1 }

/** What the product hashes with when nothing is set. */
export function defaultHashCost(): HashCost {
  const config = readConfig({
    AUTH_BASE_URL: 'http://localhost:1',
    PROXY_MASTER_KEY: randomBytes(32).toString('hex'),
  })
  return {
    memoryCost: config.argon2MemoryKib,
    timeCost: config.argon2TimeCost,
    parallelism: config.argon2Parallelism,
    concurrency: config.argon2Concurrency,
  }
}

/** The tag key of a database that the product has made. */
export function readTagKey(databaseFile: string, masterKey: string): Uint8Array {
  const database = new Sqlite(databaseFile, { readonly: true })
  const row = database
    .prepare<[], { id: string; wrapped: string }>(`SELECT id, wrapped FROM keyring WHERE purpose = 'tag'`)
    .get()
  database.close()
  return openTagKey(row, masterKey)
}

/** The tag key of a row of the keyring. @throws when there is none, or the master key does not open it. */
export function openTagKey(row: { id: string; wrapped: string } | undefined, masterKey: string): Uint8Array {
  const opened = row && openSealed(row.wrapped, deriveKeys(masterKey).keyring, `keyring:${row.id}`)
  if (!opened) throw new Error('the keyring of the new database does not open')
  return Buffer.from(opened, 'base64url')
}

/**
 * Keys with hashes of their own. Warm ones are hashed at a cheap cost, which the hash itself names, so that memory is
 * warmed in seconds: once a key is warm its cost is of no account. Cold ones are hashed at the default cost.
 */
export async function makeKeys(
  tagKey: Uint8Array,
  count: { warm: number; cold: number },
): Promise<{ warm: SeedKey[]; cold: SeedKey[] }> {
  const { memoryCost, timeCost, parallelism } = defaultHashCost()
  return {
    warm: await inParallel(count.warm, () => makeKey(tagKey, [cheap])),
    cold: await inParallel(count.cold, () => {
      const usual = { memoryCost, timeCost, parallelism }
      return makeKey(tagKey, [usual, usual])
    }),
  }
}

async function makeKey(tagKey: Uint8Array, costs: readonly (typeof cheap)[]): Promise<SeedKey> {
  const id = newKeyId()
  const text = newKeyText(id, 'kd', tagKey)
  const hashes: string[] = []
  for (const cost of costs) hashes.push(await argon2.hash(text, { type: argon2.argon2id, ...cost }))
  return { id, text, hashes }
}

async function inParallel<Item>(count: number, make: () => Promise<Item>): Promise<Item[]> {
  const items: Item[] = []
  let begun = 0
  const worker = async () => {
    while (begun < count) {
      begun += 1
      items.push(await make())
    }
  }
  await Promise.all(Array.from({ length: 4 }, worker))
  return items
}

/**
 * Copies the database that the product made, and adds these keys and as many others as make `total`, which share one
 * stored hash: nobody presents them.
 */
export function seedDatabase(template: string, file: string, keys: readonly SeedKey[], total: number): void {
  copyFileSync(template, file)
  const database = new Sqlite(file)
  database.pragma('journal_mode = WAL')
  database.pragma('synchronous = OFF')
  const at = new Date()
  const shared =
    '$argon2id$v=19$m=19456,t=2,p=1$c2hhcmVkIGJ5IG1hbnkga2V5cw$c2hhcmVkIGJ5IG1hbnkga2V5cyBvZiB0aGUgYmVuY2g'
  const rows = keys.map(({ id, hashes }) => ({ id, secretHash: hashes[0] ?? shared }))
  while (rows.length < total) rows.push({ id: newKeyId(), secretHash: shared })
  // In the order of the primary key, which is several times faster.
  rows.sort((one, other) => (one.id < other.id ? -1 : 1))
  const orm = drizzle(database)
  orm.insert(users).values(owner(at)).run()
  orm
    .insert(identities)
    .values(identityOf(owner(at), at))
    .run()
  // The first through drizzle, so that the compiler knows the columns; the rest are copies of it.
  const [first, ...others] = rows
  if (first === undefined) throw new Error('there is no key to seed')
  orm.insert(apiKeys).values(keyRow(first, at)).run()
  const columns = database.prepare<[], string>("SELECT name FROM pragma_table_info('api_keys')").pluck().all()
  const copied = columns.filter((name) => name !== 'id' && name !== 'secret_hash').join(', ')
  const insert = database.prepare(
    `INSERT INTO api_keys (id, secret_hash, ${copied}) SELECT ?, ?, ${copied} FROM api_keys WHERE id = ?`,
  )
  database.transaction(() => {
    for (const row of others) insert.run(row.id, row.secretHash, first.id)
  })()
  database.close()
}

/** Makes keys that were proven before cold again: another hash of the same text in the place of the stored one. */
export function makeCold(databaseFile: string, keys: readonly SeedKey[], turn: number): void {
  const database = new Sqlite(databaseFile, { timeout: 10_000 })
  const update = database.prepare('UPDATE api_keys SET secret_hash = ? WHERE id = ?')
  database.transaction(() => {
    for (const { id, hashes } of keys) update.run(hashes[turn % hashes.length], id)
  })()
  database.close()
}

/** Writes key texts, one a line, for a load generator. */
export function writeKeyFile(folder: string, name: string, keys: readonly SeedKey[]): string {
  const file = join(folder, `${name}.keys`)
  writeFileSync(file, `${keys.map(({ text }) => text).join('\n')}\n`, { mode: 0o600 })
  return file
}

export function owner(at: Date): typeof users.$inferInsert {
  return {
    id: 'usr_bench',
    kind: 'person',
    email: 'ada@example.com',
    name: 'Ada Example',
    picture: null,
    role: 'member',
    groups: ['engineering'],
    status: 'active',
    scopeLimit: null,
    version: 1,
    createdAt: at,
    updatedAt: at,
  }
}

/** A person is known to a provider, or no rule covers them. */
export function identityOf(
  user: { id: string; email?: string | null | undefined },
  at: Date,
): typeof identities.$inferInsert {
  return {
    id: `idn_${user.id}`,
    userId: user.id,
    provider: 'google',
    issuer: 'https://accounts.google.com',
    subject: user.id,
    email: user.email ?? '',
    emailVerified: true,
    hd: 'example.com',
    createdAt: at,
    lastSignInAt: at,
  }
}

export function keyRow(key: { id: string; secretHash: string }, at: Date): typeof apiKeys.$inferInsert {
  return {
    ...key,
    userId: 'usr_bench',
    name: 'orders in CI',
    scopes: ['orders:read', 'orders:write'],
    metadata: { team: 'orders' },
    rateLimit: null,
    createdThrough: 'admin',
    createdBy: 'master-key',
    createdAt: at,
    expiresAt: null,
    revokedAt: null,
  }
}
