import { KeydeskError } from '../domain/errors.ts'
import type { Page } from '../domain/page-cursor.ts'
import type { KeyFilter, KeySort } from '../storage/key-lists.ts'
import type { KeyRecord } from '../storage/keys.ts'
import type { Storage } from '../storage/storage.ts'
import { requireCursor } from './require-cursor.ts'

/** A page of keys. @throws KeydeskError `invalid_request` for a cursor that is not ours */
export async function listKeys(
  storage: Storage,
  { cursor, ...filter }: KeyFilter & { sort: KeySort; limit: number; cursor?: string | undefined },
): Promise<Page<KeyRecord>> {
  const [sort, inner, ...rest] = cursor?.split('~') ?? [filter.sort, undefined]
  if (sort !== filter.sort || rest.length > 0 || (cursor !== undefined && inner === undefined))
    throw new KeydeskError('invalid_request', { message: 'cursor: belongs to another list.' })
  const page = await storage.keyLists.page({ ...filter, after: requireCursor(inner) })
  return { ...page, nextCursor: page.nextCursor === null ? null : `${sort}~${page.nextCursor}` }
}
