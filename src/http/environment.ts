import type { Logger } from 'pino'
import type { Actor, Origin } from '../domain/audit-event.ts'
import type { Grantor } from '../domain/granting.ts'
import type { CurrentSession } from '../services/find-session.ts'
import type { CountedCaller } from './callers.ts'

/** What middleware leaves on a request for the handlers behind it. */
export interface AppEnvironment {
  Variables: {
    requestId: string
    caller: CountedCaller
    origin: Origin
    log: Logger
    /** A page of another origin asks, which may: a cookie that its browser sends is nobody's wish. */
    isOtherSite: boolean
    /** Behind `/admin/`: who asks. */
    actor: Actor
    /** The same, with what a key that asks may hand on. */
    grantor: Grantor
    /** The user behind it; null for the master key. */
    callerId: string | null
    /** On pages that a session opens: whose it is. */
    session: CurrentSession
    /** What was typed into the form that was sent, for the page that is shown again. */
    typed: Readonly<Record<string, string>>
  }
  /** What @hono/node-server passes beside the request; absent where the app is called without a socket. */
  Bindings: {
    incoming?: {
      socket: { remoteAddress?: string | undefined; destroy?: () => unknown }
      rawHeaders: string[]
      url?: string | undefined
    }
  }
}
