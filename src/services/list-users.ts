import type { Page } from '../domain/page-cursor.ts'
import type { Storage } from '../storage/storage.ts'
import type { User, UserFilter } from '../storage/users.ts'
import { requireCursor } from './require-cursor.ts'

/** A page of users, newest first. @throws KeydeskError `invalid_request` for a cursor that is not ours */
export async function listUsers(
  storage: Storage,
  { cursor, ...filter }: Omit<UserFilter, 'after'> & { cursor?: string | undefined },
): Promise<Page<User>> {
  return storage.users.page({ ...filter, after: requireCursor(cursor) })
}
