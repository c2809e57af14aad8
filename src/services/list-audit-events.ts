import { KeydeskError } from '../domain/errors.ts'
import { type Page, toPage } from '../domain/page-cursor.ts'
import type { AuditConditions, AuditFilter, AuditRow } from '../storage/audit.ts'
import type { Storage } from '../storage/storage.ts'
import { requireCursor } from './require-cursor.ts'

/** A page of the audit trail, newest first. @throws KeydeskError `invalid_request` for a cursor that is not ours */
export async function listAuditEvents(
  storage: Storage,
  filter: Omit<AuditFilter, 'beforeSeq'> & { cursor?: string | undefined },
): Promise<Page<AuditRow>> {
  const { cursor, limit, ...conditions } = filter
  requireSpan(conditions)
  const after = requireCursor(cursor)
  if (after !== null && !/^[0-9]{1,15}$/.test(after.id)) {
    throw new KeydeskError('invalid_request', { message: 'cursor: belongs to another list.' })
  }
  const beforeSeq = after === null ? undefined : Number(after.id)
  const rows = await storage.audit.find({ ...conditions, beforeSeq, limit: limit + 1 })
  return toPage(rows, limit, ({ event }) => ({ at: event.at, id: String(event.seq) }))
}

/** @throws KeydeskError `invalid_request` for a span that ends before it begins */
export function requireSpan({ since, until }: Pick<AuditConditions, 'since' | 'until'>): void {
  if (since !== undefined && until !== undefined && since > until)
    throw new KeydeskError('invalid_request', { message: 'since: is later than until.' })
}
