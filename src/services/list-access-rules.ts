import type { Page } from '../domain/page-cursor.ts'
import type { StoredAccessRule } from '../storage/access-rules.ts'
import type { Storage } from '../storage/storage.ts'
import { requireCursor } from './require-cursor.ts'

/** A page of the rules in the database, newest first. @throws KeydeskError `invalid_request` for a cursor that is not ours */
export async function listAccessRules(
  storage: Storage,
  filter: { limit: number; cursor?: string | undefined },
): Promise<Page<StoredAccessRule>> {
  return storage.accessRules.page({ limit: filter.limit, after: requireCursor(filter.cursor) })
}
