import type { Logger } from 'pino'
import type { Actor, Origin } from '../domain/audit-event.ts'
import type { CountedCaller } from './callers.ts'

/** What middleware leaves on a request for the handlers behind it. */
export interface AppEnvironment {
  Variables: {
    requestId: string
    caller: CountedCaller
    origin: Origin
    log: Logger
    /** Behind `/admin/`: who asks. */
    actor: Actor
  }
  /** What @hono/node-server passes beside the request; absent where the app is called without a socket. */
  Bindings: {
    incoming?: {
      socket: { remoteAddress?: string | undefined }
      rawHeaders: string[]
      url?: string | undefined
    }
  }
}
