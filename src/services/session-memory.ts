import { LRUCache } from 'lru-cache'
import type { SessionWithUser } from '../storage/sessions.ts'

/** By what a session is looked up, and the hash of what was shown, or the id: never the value of a cookie. */
export type SessionName = `${'secret' | 'app' | 'id'} ${string}`

/** A session with its user, as they were in a generation of the database. */
export interface KnownSession extends SessionWithUser {
  readonly generation: number
}

/**
 * What this process remembers of sessions. It holds no value of a cookie, is bounded, and vouches for nothing but what
 * the rows were in a generation.
 */
export interface SessionMemory {
  find(name: SessionName): KnownSession | null
  remember(name: SessionName, known: KnownSession): void
  /** That the session was used, unless it has been read again since. */
  touch(name: SessionName, known: KnownSession, at: Date): void
  forget(name: SessionName): void
}

/** `entriesMax` bounds the memory: two to three kilobytes a session, and one entry for each way in which it is asked for. */
export function createSessionMemory(entriesMax: number): SessionMemory {
  const entries = new LRUCache<SessionName, KnownSession>({ max: entriesMax })
  return {
    find: (name) => entries.get(name) ?? null,
    remember: (name, known) => void entries.set(name, known),
    touch(name, known, at) {
      if (entries.peek(name) !== known) return
      entries.set(name, { ...known, session: { ...known.session, lastSeenAt: at } })
    },
    forget: (name) => void entries.delete(name),
  }
}
