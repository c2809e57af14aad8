import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { copyToPostgres } from '../../src/storage/copy-to-postgres.ts'
import { openStorage } from '../../src/storage/storage.ts'
import { createTestDatabaseOn, type TestDatabase } from '../support/test-database.ts'
import { change, type FilledSource, fillSource, stateOf } from './filled-source.ts'

let source: FilledSource
let target: TestDatabase
let file: string
let url: string
beforeAll(async () => {
  source = await fillSource(200)
})
afterAll(() => source?.remove())
beforeEach(async () => {
  target = await createTestDatabaseOn(18)
  ;({ file, url } = source.fresh())
  return () => target.drop()
})

async function expectRefused(because: RegExp): Promise<void> {
  const before = await stateOf(target)
  await expect(copyToPostgres(url, target.url)).rejects.toThrow(because)
  expect(await stateOf(target)).toBe(before)
}

describe('a copy that fails midway leaves the Postgres as it was', () => {
  const trigger = (table: string, body: string) =>
    target.rows(
      `CREATE FUNCTION interfere() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN ${body} RETURN NEW; END $$;
       CREATE TRIGGER interfere BEFORE INSERT OR UPDATE ON ${table} FOR EACH ROW EXECUTE FUNCTION interfere()`,
    )
  beforeEach(async () => {
    await copyToPostgres(url, target.url)
    // Reached late: its table comes after most.
    change(file, "UPDATE identities SET provider = 'other'")
    change(file, 'UPDATE key_usage SET request_count = 7')
  })

  test.each([
    ['U+0000 in a text', `UPDATE identities SET hd = 'a' || char(0) || 'b' WHERE id = ?`],
    ['half a surrogate pair in JSON', `UPDATE api_keys SET metadata = '{"a":["\\ud800"]}' WHERE id = ?`],
    ['U+0000 in a name in JSON', `UPDATE api_keys SET metadata = '{"a\\u0000":1}' WHERE id = ?`],
  ])('when the file holds %s: the table and the row are named', async (_, statement) => {
    const table = /UPDATE (\w+)/.exec(statement)?.[1] ?? ''
    const [{ id }] = (await target.rows(`SELECT id FROM ${table} ORDER BY md5(id) LIMIT 1`)) as [
      { id: string },
    ]
    change(file, statement, id)
    await expectRefused(new RegExp(`The row "${id}" of ${table} holds what Postgres does not take`))
  })

  test('when the file holds JSON that is none: the table is named, and nothing of the row', async () => {
    change(file, "UPDATE api_keys SET metadata = 'private words' WHERE rowid = 150")
    const error: Error & { cause?: Error } = await copyToPostgres(url, target.url).catch((thrown) => thrown)
    expect(error.message).toMatch(/The table api_keys of the file .* cannot be read/)
    expect(`${error.stack} ${error.cause?.stack}`).not.toContain('private')
  })

  test('when Postgres refuses rows: they are named, and what they hold is not', async () => {
    await trigger(
      'identities',
      `RAISE integrity_constraint_violation USING MESSAGE = 'private ' || NEW.email;`,
    )
    const before = await stateOf(target)
    const error: Error & { cause?: Error } = await copyToPostgres(url, target.url).catch((thrown) => thrown)
    expect(error.message).toMatch(/Postgres does not take the rows "idn_\w+" to "idn_\w+" of identities/)
    expect(error.cause?.message).toContain('23000')
    expect(`${error.stack} ${error.cause?.stack}`).not.toContain('private')
    expect(await stateOf(target)).toBe(before)
  })

  test('when a row is not the same on both sides afterwards', async () => {
    await trigger('identities', "NEW.hd = 'changed.by.somebody';")
    await expectRefused(/The table identities is not the same on both sides/)
  })

  test('when a row is missing afterwards', async () => {
    await target.drop()
    target = await createTestDatabaseOn(18)
    await (await openStorage(target.url)).close()
    await trigger('identities', 'IF NEW.id < $x$idn_B$x$ THEN RETURN NULL; END IF;')
    await expectRefused(/The table identities is not the same on both sides/)
  })

  test('when the connection breaks', async () => {
    await trigger('identities', 'PERFORM pg_sleep(0.05);')
    const before = await stateOf(target)
    const copying = copyToPostgres(url, target.url).catch((thrown: Error) => thrown)
    const asking =
      "SELECT pid FROM pg_stat_activity WHERE query LIKE '%INSERT%identities%' AND pid <> pg_backend_pid() AND datname = current_database()"
    let found: { pid: number }[] = []
    while (found.length === 0) {
      await pause(5)
      found = await target.rows(asking)
    }
    await target.rows('SELECT pg_terminate_backend(?)', found[0]?.pid)
    expect(await copying).toBeInstanceOf(Error)
    expect(await stateOf(target)).toBe(before)
    await target.rows('DROP FUNCTION interfere() CASCADE')
    await copyToPostgres(url, target.url)
  })
})

describe('a file or a Postgres of another version is not touched', () => {
  test.each([
    ['newer', 'INSERT INTO schema_migrations VALUES (9999999999999, $$x$$)', /newer version of Keydesk/],
    ['older', 'DELETE FROM schema_migrations', /older version of Keydesk. Start this version on it once/],
    ['no', 'DROP TABLE schema_migrations', /is not a database of Keydesk/],
  ])('a file of %s version: the Postgres does not even get its tables', async (_, statement, because) => {
    change(file, statement.replaceAll('$$', "'"))
    await expect(copyToPostgres(url, target.url)).rejects.toThrow(because)
    expect(await target.rows("SELECT * FROM pg_tables WHERE schemaname = 'public'")).toEqual([])
  })

  test.each([
    ['newer', 'INSERT INTO schema_migrations VALUES (9999999999999, $$x$$)'],
    ['older', 'DELETE FROM schema_migrations'],
  ])('a Postgres of %s version', async (_, statement) => {
    await copyToPostgres(url, target.url)
    await target.rows(statement)
    await expectRefused(/tables of another version of Keydesk/)
  })

  test('a Postgres that holds the tables of something else', async () => {
    await target.rows('CREATE TABLE users (name text)')
    await target.rows("INSERT INTO users VALUES ('theirs')")
    await expect(copyToPostgres(url, target.url)).rejects.toMatchObject({
      message: expect.stringContaining('cannot be opened'),
      cause: { message: expect.stringContaining('"users" already exists') },
    })
    expect(await target.rows('SELECT * FROM users')).toEqual([{ name: 'theirs' }])
  })

  test('a file that is not there, a file that is none, a server that is not there', async () => {
    await expect(copyToPostgres(`${url}.none`, target.url)).rejects.toThrow(
      /cannot be opened. Check its path/,
    )
    const nowhere = 'postgres://keydesk:s3cretWord@127.0.0.1:1/keydesk'
    const error: Error = await copyToPostgres(url, nowhere).catch((thrown) => thrown)
    expect(error.message).toBe(
      'The database keydesk at 127.0.0.1:1 cannot be opened. No server answers there.',
    )
  })
})
