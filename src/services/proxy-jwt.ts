import { LRUCache } from 'lru-cache'
import type { KeyWithOwner } from '../storage/keys.ts'
import type { User } from '../storage/users.ts'
import type { Holder } from './holder.ts'
import { type SignJwt, scopesOf } from './sign-jwt.ts'

/**
 * The JWT that goes to an app with a request: one signature for a holder, an audience and a minute, unless what it says
 * has changed.
 * @throws KeydeskError `unavailable`
 */
export type ProxyJwt = (
  holder: Holder,
  audience: string,
  /** Where the holder showed a JWT: what comes of one says no more than it does, and ends when it does. */
  shown?: { readonly scopes: readonly string[]; readonly endsAt: Date },
) => string | Promise<string>

interface Wanted {
  readonly audience: string
  readonly scopes: readonly string[]
  readonly endsAt: Date | undefined
}

interface Remembered {
  readonly signedAt: number
  /** While it is being signed, all who want it wait for one signature. */
  jwt: string | Promise<string>
}

const signedMsMax = 60_000
const rememberedMax = 10_000

/**
 * Remembers JWTs by everything that they say but the time: a changed name, group or scope is another JWT at once. The
 * memory is bounded; a JWT lives for two minutes or more, so whoever gets one from here has a minute left of it, unless
 * what was shown for it ends before.
 */
export function createProxyJwt(dependencies: { signJwt: SignJwt; now: () => Date }): ProxyJwt {
  const { signJwt, now } = dependencies
  const remembered = new LRUCache<string, Remembered>({ max: rememberedMax })

  return function proxyJwt(holder, audience, shown) {
    const wanted = { audience, scopes: scopesOf(holder, shown?.scopes), endsAt: shown?.endsAt }
    const name = nameOf(holder, wanted)
    const known = remembered.get(name)
    const at = now().getTime()
    // By the distance: a clock that was set back must not make one live longer.
    if (known !== undefined && Math.abs(at - known.signedAt) < signedMsMax) return known.jwt
    return sign(name, at, holder, wanted)
  }

  async function sign(name: string, signedAt: number, holder: Holder, wanted: Wanted): Promise<string> {
    const signing = signJwt(holder, wanted).then(({ jwt }) => jwt)
    const entry: Remembered = { signedAt, jwt: signing }
    remembered.set(name, entry)
    try {
      entry.jwt = await signing
      return entry.jwt
    } catch (error) {
      // Another may be there by now.
      if (remembered.peek(name) === entry) remembered.delete(name)
      throw error
    }
  }
}

/** As JSON, so that no two can be written the same. */
function nameOf(holder: Holder, { audience, scopes, endsAt }: Wanted): string {
  return JSON.stringify([nameOfHolder(holder), audience, scopes, endsAt])
}

/** A record does not change: whatever is changed is another record. */
const namesOfRecords = new WeakMap<KeyWithOwner, string>()

function nameOfHolder(holder: Holder): string {
  if (holder.kind === 'session') return nameOfProof('session', holder.session, holder.user)
  const known = namesOfRecords.get(holder.record)
  if (known !== undefined) return known
  const name = nameOfProof('key', holder.record.key, holder.record.owner)
  namesOfRecords.set(holder.record, name)
  return name
}

function nameOfProof(
  kind: Holder['kind'],
  { id, expiresAt }: { readonly id: string; readonly expiresAt: Date | null },
  { id: userId, email, name, role, groups }: User,
): string {
  return JSON.stringify([kind, id, expiresAt, userId, email, name, role, groups])
}
