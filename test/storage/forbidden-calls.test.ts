import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { eq } from 'drizzle-orm'
import { expect, test } from 'vitest'
import type { Database, Writer } from '../../src/storage/query.ts'
import type { User } from '../../src/storage/users.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))

/** Never called: `tsc` (npm run check) says whether each line that must not compile does not. */
async function mustNotCompile(database: Database, tx: Writer): Promise<void> {
  const { users } = database.tables
  const query = database.select().from(users).where(eq(users.id, 'x'))
  const write = tx.delete(users).where(eq(users.id, 'x'))
  // @ts-expect-error a select is carried out by `rows` only
  query.get()
  // @ts-expect-error a select is carried out by `rows` only
  query.all()
  // @ts-expect-error a select is carried out by `rows` only
  query.execute()
  // @ts-expect-error row locks exist on Postgres only
  query.for('update')
  // @ts-expect-error prepared statements pin an engine
  query.prepare('name')
  // @ts-expect-error a builder is no promise
  query.then((rows: unknown) => rows)
  // @ts-expect-error awaiting a builder does not answer rows
  const rows: User[] = await query
  // @ts-expect-error a write is carried out by `atomically` only
  write.run()
  // @ts-expect-error a write is carried out by `atomically` only
  write.execute()
  // @ts-expect-error RETURNING has no place in a list of statements
  write.returning()
  // @ts-expect-error a builder is no promise
  write.then((result: unknown) => result)
  // @ts-expect-error what was written is not the number of rows
  const { rowCount, changes } = await write
  // @ts-expect-error a select is no statement of a list
  await database.atomically(() => [query])
  // @ts-expect-error a list is built at once: an async builder would land after the transaction
  await database.atomically(async (writer) => [writer.delete(users).where(undefined)])
  // @ts-expect-error there is no way to a raw transaction
  await database.transaction(async () => undefined)
  // @ts-expect-error there is no way to raw SQL text
  await database.execute('SELECT 1')
  // @ts-expect-error an update names its rows
  await database.atomically((writer) => [writer.update(users).set({ name: 'x' })])
  // @ts-expect-error a delete names its rows
  await database.atomically((writer) => [writer.delete(users)])
  void [rows, rowCount, changes]
}

void mustNotCompile

test('awaiting a builder, which would carry it out on SQLite outside of any list, does not compile', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'keydesk-await-'))
  const file = join(folder, 'await.ts')
  writeFileSync(
    file,
    [
      "import type { Database, Writer } from '../../src/storage/query.ts'",
      'export async function awaits(database: Database, tx: Writer): Promise<void> {',
      '  await database.select().from(database.tables.users)',
      '  await tx.delete(database.tables.users).where(undefined)',
      '}',
      // Shows that the compiler was asked at all.
      'export const control: string = 6',
    ]
      .join('\n')
      .replace('../../', root),
  )
  const options = ['--noEmit', '--strict', '--skipLibCheck', '--target', 'es2023', '--module', 'nodenext']
  const tsc = join(root, 'node_modules/typescript/bin/tsc')
  const output = await new Promise<string>((resolve) =>
    execFile(
      process.execPath,
      [tsc, ...options, '--allowImportingTsExtensions', file],
      { cwd: folder },
      (_, stdout) => resolve(stdout),
    ),
  )
  rmSync(folder, { recursive: true, force: true })
  const lines = [...output.matchAll(/await\.ts\((\d+),/g)].map(([, line]) => Number(line))
  expect(lines).toEqual([3, 4, 6])
})
