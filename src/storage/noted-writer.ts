import { type SQL, sql } from 'drizzle-orm'
import type { PgColumn, PgTable } from 'drizzle-orm/pg-core'
import { accessRulesChange } from './access-rules.ts'
import { appsChange } from './apps.ts'
import { keyringChange } from './keyring.ts'
import type { Database, Statement, Step, Writer } from './query.ts'

/** A step of a list, with what the storage has to know about it. */
export interface NotedStep {
  readonly statement: Statement
  readonly rows: number | undefined
  /** Under which id a changed row is told to processes that may remember it: rows of whatever verification reads. */
  readonly rememberedId: PgColumn | SQL<string> | undefined
}

/**
 * A writer that notes which statements touch rows that processes remember, so that no service has to say so, and none
 * can forget to.
 */
export function createNotedWriter(orm: Writer, tables: Database['tables']) {
  const named = (change: string) => sql<string>`${sql.raw(`'${change}'`)}`
  const rememberedIds = new Map<PgTable, PgColumn | SQL<string>>([
    [tables.apiKeys, tables.apiKeys.id],
    [tables.sessions, tables.sessions.id],
    [tables.users, tables.users.id],
    [tables.identities, tables.identities.userId],
    [tables.accessRules, named(accessRulesChange)],
    [tables.allowlistCopies, named(accessRulesChange)],
    [tables.apps, named(appsChange)],
    [tables.keyring, named(keyringChange)],
  ])
  const tableOf = new WeakMap<object, PgTable>()
  // Guarantee: drizzle's builders answer themselves from `where` and `onConflict…`, so what is noted is what comes back.
  const writer = {
    select: orm.select.bind(orm),
    insert: (table: PgTable) => ({ values: (rows: never) => note(orm.insert(table).values(rows), table) }),
    update: (table: PgTable) => ({ set: (values: never) => note(orm.update(table).set(values), table) }),
    delete: (table: PgTable) => note(orm.delete(table), table),
    guard: orm.update.bind(orm),
  } as unknown as Writer
  return { writer, notedSteps, unnoticedSteps }

  function notedSteps(list: readonly Step[]): NotedStep[] {
    return list.map((step) => {
      const { statement, rows } =
        'statement' in step ? step : { statement: step as Statement, rows: undefined }
      const table = tableOf.get(statement)
      return { statement, rows, rememberedId: table && rememberedIds.get(table) }
    })
  }

  /** Refuses what others remember, and audit events, which are read in the order in which they were written. */
  function unnoticedSteps(list: readonly Step[]): NotedStep[] {
    const steps = notedSteps(list)
    const isWrong = ({ statement, rememberedId }: NotedStep) =>
      rememberedId !== undefined || tableOf.get(statement) === tables.auditEvents
    if (steps.some(isWrong)) throw new Error('a list that must be noticed was written unnoticed')
    return steps
  }

  function note<Builder extends object>(builder: Builder, table: PgTable): Builder {
    tableOf.set(builder, table)
    return builder
  }
}
