import type { Page } from '../domain/page-cursor.ts'
import type { Storage } from '../storage/storage.ts'
import type { User } from '../storage/users.ts'
import { requireCursor } from './require-cursor.ts'

/** A page of users, newest first. @throws KeydeskError `invalid_request` for a cursor that is not ours */
export async function listUsers(
  storage: Storage,
  filter: { limit: number; cursor?: string | undefined },
): Promise<Page<User>> {
  return storage.users.page({ limit: filter.limit, after: requireCursor(filter.cursor) })
}
