import type { GetColumnData, SQL } from 'drizzle-orm'
import type { PgColumn, PgTable } from 'drizzle-orm/pg-core'
import type * as schema from './schema.postgres.ts'

/*
 * What repositories may say to a database: the part of drizzle that means the same on SQLite and on Postgres. Queries and
 * statements are only built here; `rows` and `atomically` carry them out. `.get() .all() .run() .execute() .for()` and
 * `await` on a builder do not compile.
 */

/** Drizzle's builders run when they are awaited, outside of every list. A `then` of this shape makes `await` an error. */
interface Unawaitable {
  then(awaitingDoesNotCompile: never): never
}

/** A select that has not been carried out. */
export interface Query<Row> extends Unawaitable {
  readonly $row?: Row
  where(condition: SQL | undefined): Query<Row>
  innerJoin(table: PgTable, on: SQL | undefined): Query<Row>
  leftJoin(table: PgTable, on: SQL | undefined): Query<Row>
  orderBy(...columns: (PgColumn | SQL)[]): Query<Row>
  limit(rows: number): Query<Row>
}

type Selection = Record<string, PgTable | PgColumn | SQL.Aliased<unknown>>
type Selected<Fields extends Selection> = {
  [Name in keyof Fields]: Fields[Name] extends PgTable
    ? Fields[Name]['$inferSelect']
    : Fields[Name] extends PgColumn
      ? GetColumnData<Fields[Name]>
      : Fields[Name] extends SQL.Aliased<infer Type>
        ? Type
        : never
}

interface Select {
  (): { from<Table extends PgTable>(table: Table): Query<Table['$inferSelect']> }
  <Fields extends Selection>(fields: Fields): { from(table: PgTable): Query<Selected<Fields>> }
}

declare const unexecuted: unique symbol
/** A write that has not been carried out. */
export interface Statement extends Unawaitable {
  readonly [unexecuted]: true
}

/** A statement of a list; where `rows` is given, any other number of changed rows rolls the whole list back. */
export type Step = Statement | { readonly statement: Statement; readonly rows: number }

type Values<Table extends PgTable> = {
  [Column in keyof Table['$inferInsert']]?: Table['$inferInsert'][Column] | SQL
}

/** Builds statements for `atomically`. */
export interface Writer {
  select: Select
  insert<Table extends PgTable>(
    table: Table,
  ): {
    values(rows: Table['$inferInsert'] | Table['$inferInsert'][]): Statement & {
      onConflictDoNothing(): Statement
      onConflictDoUpdate(conflict: {
        target: PgColumn | PgColumn[]
        set: Values<Table>
        setWhere?: SQL | undefined
      }): Statement
    }
  }
  update<Table extends PgTable>(
    table: Table,
  ): {
    set(values: Values<Table>): {
      where(condition: SQL | undefined): Statement
    }
  }
  delete(table: PgTable): { where(condition: SQL | undefined): Statement }
  /**
   * An update that changes nothing that is remembered, or nothing at all: its number of rows says whether a condition
   * holds. Nobody is told of it.
   */
  guard: Writer['update']
}

export interface Database {
  readonly tables: typeof schema
  readonly select: Select
  /** Carries out a select. @throws KeydeskError `unavailable` */
  rows<Row>(query: Query<Row>): Promise<Row[]>
  /**
   * The same for a select that verification waits for: built and compiled once, with `sql.placeholder(name)` where a value
   * goes. On Postgres it has connections of its own, so that nothing else can be in its way, and 500 ms.
   */
  prepared<Row>(build: (select: Select) => Query<Row>): (values: Record<string, unknown>) => Promise<Row[]>
  /**
   * Carries out a list of statements in one transaction, in order. False when nothing landed because a `rows` did not
   * match or a unique row was there already: the caller reads again, decides again, and tries once more.
   * @throws KeydeskError `unavailable`
   */
  atomically(list: (tx: Writer) => readonly Step[]): Promise<boolean>
  /** The same for what nobody remembers and no order matters to: usage, used attempts and touches of sessions. Replicas are not told. */
  atomicallyUnnoticed(list: (tx: Writer) => readonly Step[]): Promise<boolean>
  /**
   * Looks whether other processes have changed anything, and answers the time as this process counts it: whatever is
   * read after that is true until `changedSince` says otherwise. It takes a microsecond or two; on Postgres it is a
   * promise where this process has not looked for two seconds.
   * @throws KeydeskError `unavailable`
   */
  generation(): number | Promise<number>
  /** Whether a row with one of these ids may have changed since `generation` answered this. */
  changedSince(generation: number, ids: readonly string[]): boolean
  /**
   * Resolves when no process acts any more on what was true before: each has confirmed every change that was committed
   * when this was called, or has lost its trust in what it remembers, two seconds later at most. Never rejects.
   */
  confirmChanges(): Promise<Confirmation[]>
  /** Counts of requests that all replicas share; null where this process counts for itself. */
  readonly rateCounts: RateCounts | null
  /** How replicas hear of each other's changes; null where there are none. */
  readonly feedState: (() => FeedState) | null
  /** Resolves when the database answers, or has within the time of trust. @throws KeydeskError `unavailable` */
  ping(): Promise<void>
  close(): Promise<void>
}

/** What one replica said to a change. */
export interface Confirmation {
  readonly id: string
  /** False: its trust in its memory ran out before it said anything. */
  readonly confirmed: boolean
  /** Milliseconds until then. */
  readonly ms: number
}

export interface RateCounts {
  /**
   * Adds to the count of a window that ends in so many seconds, and answers what it is then.
   * @throws KeydeskError `unavailable`
   */
  add(windowName: string, points: number, secondsLeft: number): Promise<{ points: number }>
}

export interface FeedState {
  /** Whether the database tells this process of changes as they happen; without that it asks every second. */
  readonly listening: boolean
  /** How many processes announce themselves, as of the last look. */
  readonly replicas: number
  /** Milliseconds since the start of the last look that succeeded. */
  readonly lookAgeMs: number
}
