import { and, count, getTableColumns, type SQL, sql } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/node-postgres'
import type pg from 'pg'
import { KeydeskError } from '../domain/errors.ts'
import type { CopiedTable, Row } from './copied-tables.ts'
import { forLog } from './postgres-errors.ts'
import { after, columnsOf, listOf, type Page, pageRowsMax, within } from './row-pages.ts'

/** The Postgres side of a copy: what is done to it within the one transaction. */
export type CopyTarget = ReturnType<typeof createCopyTarget>

/**
 * Statements that make a table equal to another one, page by page. Each sends a page as one JSON text, which is several
 * times as fast as a parameter for each value, and leaves rows alone that are right already.
 */
export function createCopyTarget(client: pg.ClientBase) {
  const orm = drizzle({ client: client as unknown as pg.Client })
  return {
    /** All rows in the order of their keys. */
    async *pages({ target, key }: CopiedTable): AsyncGenerator<Page> {
      for (let last: Row | undefined; ; ) {
        const query = orm
          .select()
          .from(target)
          .where(after(target, key, last))
        const rows: Row[] = await query.orderBy(listOf(columnsOf(target, key))).limit(pageRowsMax)
        const isLast = rows.length < pageRowsMax
        yield { rows, after: last, isLast }
        if (isLast) return
        last = rows.at(-1)
      }
    },

    count: async ({ target }: CopiedTable) =>
      (await orm.select({ count: count() }).from(target))[0]?.count ?? 0,

    /** Deletes what has its place within the page and is not in it. */
    async deleteOthers(table: CopiedTable, page: Page): Promise<void> {
      const { target, key } = table
      const isInPage = sql`EXISTS (SELECT 1 FROM ${recordset(table, key, page.rows)} AS page WHERE ${sameKey(table)})`
      await orm.delete(target).where(and(within(target, key, page), sql`NOT ${isInPage}`))
    },

    /**
     * Gives rows that will change a text in their unique columns which no other row has. Otherwise two rows that
     * exchange an address would stand in each other's way.
     */
    async clearUnique(table: CopiedTable, { rows }: Page): Promise<void> {
      const { target, key, unique } = table
      if (unique.length === 0 || rows.length === 0) return
      const [keyColumn] = columnsOf(target, key)
      const columns = columnsOf(target, unique)
      const changes = columns.map((column) => sql`${named(column)} = 'moved ' || ${keyColumn}`)
      const differs = columns.map((column) => sql`${column} IS DISTINCT FROM page.${named(column)}`)
      await orm.execute(sql`UPDATE ${target} SET ${sql.join(changes, sql`, `)}
        FROM ${recordset(table, [...key, ...unique], rows)} AS page
        WHERE ${sameKey(table)} AND (${sql.join(differs, sql` OR `)})`)
    },

    /** @throws KeydeskError `unavailable` which names the table and the rows, when Postgres does not take them. */
    async write(table: CopiedTable, { rows }: Page): Promise<void> {
      if (rows.length === 0) return
      const { target, name, key, members } = table
      const rest = columnsOf(
        target,
        members.filter((member) => !key.includes(member)),
      )
      const changes = rest.map((column) => sql`${named(column)} = excluded.${named(column)}`)
      try {
        await orm.execute(sql`INSERT INTO ${target} OVERRIDING SYSTEM VALUE
          SELECT page.* FROM ${recordset(table, members, rows)} AS page LEFT JOIN ${target} ON ${sameKey(table)}
          WHERE ${target}.* IS DISTINCT FROM page.*
          ON CONFLICT (${names(columnsOf(target, key))}) DO UPDATE SET ${sql.join(changes, sql`, `)}`)
      } catch (cause) {
        const range = `${keyText(table, rows[0])} to ${keyText(table, rows.at(-1))}`
        throw new KeydeskError('unavailable', {
          message: `Postgres does not take the rows ${range} of ${name}.`,
          cause: forLog(cause),
        })
      }
    },

    /** Lets the planner know what came. */
    analyze: async ({ target }: CopiedTable) => void (await orm.execute(sql`ANALYZE ${target}`)),

    /** The next row that the database numbers gets the number after `last`. Not by setval, which no rollback undoes. */
    async continueNumbers({ name, target, numbered = '' }: CopiedTable, last: number): Promise<void> {
      const [column] = columnsOf(target, [numbered])
      const { rows } = await orm.execute<{ sequence: string }>(
        sql`SELECT pg_get_serial_sequence(${name}, ${column?.name}) AS sequence`,
      )
      await orm.execute(sql.raw(`ALTER SEQUENCE ${rows[0]?.sequence} RESTART WITH ${Math.trunc(last) + 1}`))
    },
  }
}

/** The key of a row, for people. */
export function keyText({ key }: CopiedTable, row: Row | undefined): string {
  return key.map((member) => JSON.stringify(row?.[member])).join(' ')
}

/** Rows as Postgres reads them: JSON under the names of the columns, with instants as RFC 3339. */
function recordset({ target }: CopiedTable, members: readonly string[], rows: readonly Row[]): SQL {
  const columns = getTableColumns(target)
  const records = rows.map((row) =>
    Object.fromEntries(members.map((member) => [columns[member]?.name ?? member, row[member]])),
  )
  return sql`json_populate_recordset(NULL::${target}, ${JSON.stringify(records)}::json)`
}

function sameKey({ target, key }: CopiedTable): SQL {
  const columns = columnsOf(target, key)
  return and(...columns.map((column) => sql`page.${named(column)} = ${column}`)) ?? sql`false`
}

/** The name of a column without that of its table. */
const named = ({ name }: { name: string }) => sql.identifier(name)
const names = (columns: readonly { name: string }[]) => sql.join(columns.map(named), sql`, `)
