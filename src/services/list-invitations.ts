import type { Page } from '../domain/page-cursor.ts'
import type { Invitation } from '../storage/invitations.ts'
import type { Storage } from '../storage/storage.ts'
import { requireCursor } from './require-cursor.ts'

/** A page of invitations that nobody has taken up, newest first. @throws KeydeskError `invalid_request` for a cursor that is not ours */
export async function listInvitations(
  storage: Storage,
  filter: { limit: number; cursor?: string | undefined },
): Promise<Page<Invitation>> {
  return storage.invitations.page({ limit: filter.limit, after: requireCursor(filter.cursor) })
}
