import { KeydeskError } from '../domain/errors.ts'
import type { CopiedTable, Row } from './copied-tables.ts'
import type { CopySource } from './copy-source.ts'
import type { CopyTarget } from './copy-target.ts'

/**
 * What a row of the target, next to the same row of the source, says about whether the target was used; null: nothing.
 * Of the source it is also known up to where audit events were pruned.
 */
type Judge = (target: Row, source: Row | undefined, prunedUntilSeq: number) => string | null

const onlyThere = (what: string) => {
  return (target: Row, source: Row | undefined): string | null =>
    source === undefined ? `it holds ${what} ${target.id}, which the file does not` : null
}

/**
 * What tells that somebody has worked with the Postgres, by table. Every change of state writes an audit event. The other
 * tables are looked at all the same: they are what must never be lost. The keyring comes first, since it says the most.
 */
export const signsOfUse: ReadonlyMap<string, Judge> = new Map<string, Judge>([
  [
    'keyring',
    (target: Row, source: Row | undefined) =>
      // The first key has the same id everywhere, and another wrapping after each change of the master key. A JWT key goes
      // once it is replaced; one that was made there shows by its audit event.
      isSame(target.createdAt, source?.createdAt) || (target.purpose === 'jwt' && source === undefined)
        ? null
        : 'Keydesk was started on it while it was empty, and made a keyring of its own',
  ],
  ['users', onlyThere('user')],
  [
    'api_keys',
    (target, source) =>
      onlyThere('key')(target, source) ??
      // Revoked is terminal: the file has either no revocation yet, or this one.
      (target.revokedAt === null || isSame(target.revokedAt, source?.revokedAt)
        ? null
        : `the key ${target.id} was revoked there`),
  ],
  [
    'audit_events',
    (target, source, prunedUntilSeq) =>
      target.id === source?.id || (target.seq as number) <= prunedUntilSeq
        ? null
        : `it holds the audit event ${target.id}, which the file does not`,
  ],
  [
    'used_attempts',
    (target, source) =>
      // The file has forgotten those that are over.
      source === undefined && (target.expiresAt as Date).getTime() > Date.now()
        ? 'somebody began to sign in there'
        : null,
  ],
])

function isSame(a: unknown, b: unknown): boolean {
  return a instanceof Date && b instanceof Date && a.getTime() === b.getTime()
}

/**
 * Refuses a Postgres that holds what the file does not: copying would lose it, and bring back what was revoked. Counters
 * of usage alone are no sign.
 * @throws KeydeskError `conflict` which says what was found, and what to do.
 */
export async function requireNoOwnUse(
  tables: readonly CopiedTable[],
  source: CopySource,
  target: CopyTarget,
): Promise<void> {
  const tableNamed = (name: string): CopiedTable => {
    const table = tables.find((one) => one.name === name)
    if (table === undefined) throw new Error(`there is no table ${name}`)
    return table
  }
  const [anchors] = source.pages(tableNamed('audit_anchors'))
  const prunedUntilSeq = Math.max(0, ...(anchors?.rows ?? []).map(({ seq }) => seq as number))
  for (const [name, judge] of signsOfUse) {
    const table = tableNamed(name)
    const nameOf = (row: Row) => row[table.key[0] ?? '']
    for await (const { rows } of target.pages(table)) {
      const same = new Map(source.sameRows(table, rows).map((row) => [nameOf(row), row]))
      for (const row of rows) {
        const sign = judge(row, same.get(nameOf(row)), prunedUntilSeq)
        if (sign !== null) throw used(sign)
      }
    }
  }
}

function used(sign: string): KeydeskError {
  return new KeydeskError('conflict', {
    message:
      `This Postgres was used on its own, or holds a copy of a newer file: ${sign}. Copying would undo that, so ` +
      'nothing was changed. If nothing in it is wanted, drop the database, make it again, and run this again.',
  })
}
