import type { Actor } from '../domain/audit-event.ts'
import { equalInConstantTime, sha256 } from '../domain/constant-time.ts'
import { KeydeskError } from '../domain/errors.ts'
import type { Step, Writer } from '../storage/query.ts'
import type { Storage } from '../storage/storage.ts'

/** A request whose caller wants it to have its effect once, however often it is sent. */
export interface OnceRequest {
  readonly actor: Actor
  /** Method and path. */
  readonly route: string
  /** The header Idempotency-Key. */
  readonly name: string
  /** SHA-256 of the body, as it was sent. */
  readonly bodyHash: string
}

/** What is remembered of such a request, and planned for it. */
export interface MakeOnce {
  /**
   * The id of the key that the same request has made within a day, or null.
   * @throws KeydeskError `conflict` where another request had this name
   */
  find(request: OnceRequest): Promise<string | null>
  /** Joins the list that makes the key: one of two that come at once lands. */
  steps(tx: Writer, request: OnceRequest, keyId: string): Step[]
}

const rememberedMs = 24 * 3_600_000

export function createMakeOnce(dependencies: { storage: Storage; now: () => Date }): MakeOnce {
  const { storage, now } = dependencies
  return {
    async find(request) {
      const record = await storage.idempotency.find(idOf(request), dayAgo())
      if (record === null) return null
      if (equalInConstantTime(record.bodyHash, request.bodyHash)) return record.keyId
      throw new KeydeskError('conflict', {
        message:
          'Idempotency-Key was used for another body within a day. Give this request a name of its own.',
      })
    },

    steps: (tx, request, keyId) => [
      storage.idempotency.prune(tx, dayAgo()),
      storage.idempotency.insert(tx, {
        id: idOf(request),
        bodyHash: request.bodyHash,
        keyId,
        createdAt: now(),
      }),
    ],
  }

  function dayAgo(): Date {
    return new Date(now().getTime() - rememberedMs)
  }
}

/** A name is its caller's own: two callers, or two routes, may use the same. */
function idOf({ actor, route, name }: OnceRequest): string {
  return sha256(JSON.stringify([actor, route, name])).toString('base64url')
}
