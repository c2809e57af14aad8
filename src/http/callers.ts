import { LRUCache } from 'lru-cache'
import { type AddressRange, type Caller, callerOf } from '../domain/client-address.ts'
import { KeydeskError } from '../domain/errors.ts'
import { addressBucket } from '../domain/rate-limit.ts'

export interface CountedCaller extends Caller {
  /** The name under which limits count the address. */
  readonly bucket: string
}

/** Who is calling, by the address of the connection and X-Forwarded-For. @throws KeydeskError `invalid_request` */
export type Callers = (peer: string | undefined, forwardedFor: string | undefined) => CountedCaller

const rememberedMax = 10_000

/** Addresses repeat from request to request, and parsing one costs more than verifying a key: the last are remembered. */
export function createCallers(trustedProxies: readonly AddressRange[]): Callers {
  const known = new LRUCache<string, CountedCaller>({ max: rememberedMax })

  return function findCaller(peer, forwardedFor) {
    const name = forwardedFor === undefined ? `${peer}` : `${peer} ${forwardedFor}`
    const remembered = known.get(name)
    if (remembered !== undefined) return remembered
    const found = callerOf(peer, forwardedFor, trustedProxies)
    if (found === null) {
      throw new KeydeskError('invalid_request', {
        message: 'X-Forwarded-For holds something that is not an address.',
      })
    }
    const caller = { ...found, bucket: addressBucket(found.address) }
    // A header of any length may come; only short ones are worth remembering.
    if (name.length <= 200) known.set(name, caller)
    return caller
  }
}
