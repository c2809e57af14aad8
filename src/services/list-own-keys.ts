import type { KeyRecord } from '../storage/keys.ts'
import type { Storage } from '../storage/storage.ts'

const pageSize = 200
/** More keys than that nobody reads; the file says so. */
const keysMax = 2000

/** All keys of a person, newest first, as far as they go into one answer. */
export async function listOwnKeys(
  storage: Storage,
  userId: string,
  now: Date,
): Promise<{ keys: KeyRecord[]; isCut: boolean }> {
  const keys: KeyRecord[] = []
  let after: { at: Date; id: string } | null = null
  for (;;) {
    const filter = { userId, status: 'all', sort: '-created_at', limit: pageSize, after, now } as const
    const { rows, nextCursor } = await storage.keyLists.page(filter)
    keys.push(...rows)
    const last = rows.at(-1)
    if (nextCursor === null || last === undefined) return { keys, isCut: false }
    if (keys.length >= keysMax) return { keys, isCut: true }
    after = { at: last.createdAt, id: last.id }
  }
}
