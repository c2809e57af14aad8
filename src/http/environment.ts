import type { Logger } from 'pino'
import type { Origin } from '../domain/audit-event.ts'
import type { Caller } from '../domain/client-address.ts'

/** What middleware leaves on a request for the handlers behind it. */
export interface AppEnvironment {
  Variables: {
    requestId: string
    caller: Caller
    origin: Origin
    log: Logger
  }
  /** What @hono/node-server passes beside the request; absent where the app is called without a socket. */
  Bindings: {
    /** The group of requests with which this one arrived; see arrivals.ts. */
    arrivalGroup?: number | undefined
    incoming?: {
      socket: { remoteAddress?: string | undefined }
      rawHeaders: string[]
      url?: string | undefined
    }
  }
}
