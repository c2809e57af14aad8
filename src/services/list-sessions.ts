import type { Session } from '../storage/sessions.ts'
import type { Storage } from '../storage/storage.ts'

/** The sessions of a user that neither age nor idleness has ended, newest first. */
export async function listSessions(
  storage: Storage,
  userId: string,
  { idleSecondsMax, now }: { idleSecondsMax: number; now: Date },
): Promise<Session[]> {
  return storage.sessions.ofUser(userId, now, new Date(now.getTime() - idleSecondsMax * 1000))
}
