import type { Page } from '../domain/page-cursor.ts'
import type { App } from '../storage/apps.ts'
import type { Storage } from '../storage/storage.ts'
import { requireCursor } from './require-cursor.ts'

/** A page of the apps, newest first. @throws KeydeskError `invalid_request` for a cursor that is not ours */
export async function listApps(
  storage: Storage,
  filter: { limit: number; cursor?: string | undefined },
): Promise<Page<App>> {
  return storage.apps.page({ limit: filter.limit, after: requireCursor(filter.cursor) })
}
