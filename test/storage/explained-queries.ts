import pg from 'pg'
import type { Database, Statement, Step } from '../../src/storage/query.ts'
import type { TestDatabase } from '../support/test-database.ts'

/** What the storage asked for, as the engine gets it. */
export interface AskedQuery {
  readonly sql: string
  readonly params: readonly unknown[]
}

/** Tables that stay small, or that nothing on a request path goes through: reading all of one is no harm. */
const smallTables = [
  'access_rules',
  'allowlist_copies',
  'apps',
  'audit_anchors',
  'idempotency_records',
  'invitations',
  'keyring',
  'used_attempts',
  'verification_stats',
]
/** Tables in the order of a number: going along it names no index in a plan of SQLite. */
const numberedTables = ['audit_events', 'audit_seals']
/** So many rows are sorted in a moment. */
const sortedRowsMax = 2000

/** Guarantee: every builder of drizzle can say its SQL, with parameters as the driver is given them. */
interface Sayable {
  toSQL(): { sql: string; params: unknown[] }
}

export function sqlOf(step: Step): AskedQuery {
  const statement = 'statement' in step ? step.statement : (step as Statement)
  return (statement as unknown as Sayable).toSQL()
}

/** A database that notes every select before it carries it out. */
export function notingDatabase(database: Database): { database: Database; asked: AskedQuery[] } {
  const asked: AskedQuery[] = []
  const noted: Database = {
    ...database,
    rows: (query) => {
      asked.push((query as unknown as Sayable).toSQL())
      return database.rows(query)
    },
    prepared: (build) => {
      const { sql, params } = (build(database.select) as unknown as Sayable).toSQL()
      const ask = database.prepared(build)
      return (values) => {
        asked.push({ sql, params: params.map((param) => valueFor(param, values)) })
        return ask(values)
      }
    },
  }
  return { database: noted, asked }
}

function valueFor(param: unknown, values: Record<string, unknown>): unknown {
  const isPlaceholder = typeof param === 'object' && param !== null && 'name' in param
  return isPlaceholder ? values[String(param.name)] : param
}

/** Says of a query what in its plan grows with the tables: full scans, walks without an end, sorts of many rows. */
export async function openExplainer(database: TestDatabase) {
  if (database.engine === 'sqlite') {
    return {
      faultsOf: async ({ sql, params }: AskedQuery) => {
        const plan = await database.rows(`EXPLAIN QUERY PLAN ${sql}`, ...params)
        return plan.flatMap(({ detail }) => faultsOnSqlite(detail, sql))
      },
      close: async () => {},
    }
  }
  // Where the planner must go through a whole table, it does so even then.
  const client = new pg.Client({ connectionString: database.url, options: '-c enable_seqscan=off' })
  await client.connect()
  return {
    faultsOf: async ({ sql, params }: AskedQuery) => {
      const { rows } = await client.query(`EXPLAIN (FORMAT JSON) ${sql}`, [...params])
      return nodesOf(rows[0]['QUERY PLAN'][0].Plan).flatMap(faultsOnPostgres)
    },
    close: () => client.end(),
  }
}

function faultsOnSqlite(detail: string, sql: string): string[] {
  if (/AUTOMATIC/.test(detail)) return [detail]
  if (/^USE TEMP B-TREE FOR (ORDER|GROUP) BY$/.test(detail)) return [detail]
  const [, table = '', index] = /^SCAN (\S+)(.* USING .*INDEX.*)?$/.exec(detail) ?? []
  if (!detail.startsWith('SCAN') || /^SCAN (CONSTANT|\d+ CONSTANT|\(subquery)/.test(detail)) return []
  if (smallTables.includes(table)) return []
  const isAlongIndex = index !== undefined || numberedTables.includes(table)
  return isAlongIndex && / limit /i.test(sql) ? [] : [detail]
}

interface PlanNode {
  readonly 'Node Type': string
  readonly 'Relation Name'?: string
  readonly 'Plan Rows': number
  readonly Plans?: readonly PlanNode[]
}

function nodesOf(plan: PlanNode): PlanNode[] {
  return [plan, ...(plan.Plans ?? []).flatMap(nodesOf)]
}

function faultsOnPostgres(node: PlanNode): string[] {
  const table = node['Relation Name'] ?? ''
  if (node['Node Type'] === 'Seq Scan' && !smallTables.includes(table)) return [`Seq Scan on ${table}`]
  const sorted = node.Plans?.[0]?.['Plan Rows'] ?? 0
  return node['Node Type'] === 'Sort' && sorted > sortedRowsMax ? [`Sort of ${sorted} rows`] : []
}
