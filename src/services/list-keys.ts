import type { KeyStatus } from '../domain/key-status.ts'
import type { Page } from '../domain/page-cursor.ts'
import type { KeyRecord } from '../storage/keys.ts'
import type { Storage } from '../storage/storage.ts'
import { requireCursor } from './require-cursor.ts'

/** A page of keys, newest first. @throws KeydeskError `invalid_request` for a cursor that is not ours */
export async function listKeys(
  storage: Storage,
  filter: {
    userId: string | null
    status: KeyStatus | 'all'
    limit: number
    cursor?: string | undefined
    now: Date
  },
): Promise<Page<KeyRecord>> {
  const { cursor, ...rest } = filter
  return storage.keys.page({ ...rest, after: requireCursor(cursor) })
}
