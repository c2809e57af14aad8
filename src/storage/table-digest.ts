import { createHash } from 'node:crypto'
import type { CopiedTable, Row } from './copied-tables.ts'

/** How many rows, and SHA-256 over them: equal on both engines when the same rows came in the same order. */
export interface TableDigest {
  add(rows: readonly Row[]): void
  readonly count: number
  end(): string
}

export function createTableDigest({ members }: CopiedTable): TableDigest {
  const hash = createHash('sha256')
  let count = 0
  return {
    add(rows) {
      count += rows.length
      for (const row of rows) hash.update(`${canonical(members.map((member) => row[member]))}\n`)
    },
    get count() {
      return count
    },
    end: () => hash.digest('hex'),
  }
}

/** Names in JSON are sorted: jsonb does not keep the order in which they were written. */
function canonical(value: unknown): string {
  if (value instanceof Date) return String(value.getTime())
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${canonical(member)}`).join()}}`
}
