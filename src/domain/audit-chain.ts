import { createHmac, randomBytes } from 'node:crypto'
import canonicalize from 'canonicalize'
import { equalInConstantTime, sha256 } from './constant-time.ts'

/** An event as it is sealed: ids and facts, which are never erased. */
export interface SealedEvent {
  readonly seq: number
  readonly id: string
  readonly at: Date
  readonly action: string
  readonly actor: string
  readonly target: string | null
  readonly facts: Readonly<Record<string, unknown>>
  readonly requestId: string | null
}

/** What can be erased of an event, each with the salt that goes with it. */
export interface ErasableDetails {
  readonly email: string | null
  readonly address: string | null
  readonly userAgent: string | null
  readonly emailSalt: string | null
  readonly originSalt: string | null
}

export interface DetailHashes {
  readonly emailHash: string | null
  readonly originHash: string | null
}

/** What is kept of the sealing of an event. */
export interface Seal extends DetailHashes {
  readonly seq: number
  readonly eventId: string
  readonly keyId: string
  readonly seal: string
}

/** The last seal that was pruned: what the rest of the chain hangs on. */
export interface Anchor {
  readonly seq: number
  readonly seal: string
  readonly prunedAt: Date
  readonly keyId: string
  readonly mac: string
}

export interface AuditKey {
  readonly id: string
  readonly key: Uint8Array
}

/** What can be wrong with a chain. */
export const chainProblems = [
  'event_missing',
  'event_changed',
  'seal_missing',
  'seal_wrong',
  'details_changed',
  'anchor_wrong',
  'head_missing',
] as const
export type ChainProblem = (typeof chainProblems)[number]

/** Where a chain begins from which nothing was pruned. */
export const chainStart = { seq: Number.MIN_SAFE_INTEGER, seal: '' } as const

/** A salt for the hash of a detail. */
export function newSalt(): string {
  return randomBytes(16).toString('base64url')
}

/** The hashes under which details are sealed. Without the salts nobody can guess the details from them. */
export function hashesOf(details: ErasableDetails | null): DetailHashes {
  if (details === null) return { emailHash: null, originHash: null }
  const { email, address, userAgent, emailSalt, originSalt } = details
  return {
    emailHash: email === null || emailSalt === null ? null : saltedHash(['email', emailSalt, email]),
    originHash:
      (address === null && userAgent === null) || originSalt === null
        ? null
        : saltedHash(['origin', originSalt, address, userAgent]),
  }
}

/** The seal of an event: HMAC-SHA256 over its RFC 8785 form, with the hashes of its details and the seal before it. */
export function sealOf(event: SealedEvent, hashes: DetailHashes, previous: string, key: Uint8Array): string {
  const { seq, id, at, action, actor, target, facts, requestId } = event
  return mac(key, {
    seq,
    id,
    at: at.toISOString(),
    action,
    actor,
    target,
    facts,
    request_id: requestId,
    email_hash: hashes.emailHash,
    origin_hash: hashes.originHash,
    previous,
  })
}

/** The MAC of an anchor, so that nobody can make one for a prefix that they cut off. */
export function anchorMacOf({ seq, seal, prunedAt }: Omit<Anchor, 'keyId' | 'mac'>, key: Uint8Array): string {
  return mac(key, { anchor: seq, seal, pruned_at: prunedAt.toISOString() })
}

export function isAnchorGenuine(anchor: Anchor, keys: readonly AuditKey[]): boolean {
  const key = keyNamed(anchor.keyId, keys)
  return key !== undefined && equalInConstantTime(anchor.mac, anchorMacOf(anchor, key))
}

/** What is wrong with a sealed event; null when nothing is. `previous` is the seal before it. */
export function problemOf(
  event: SealedEvent,
  details: ErasableDetails | null,
  seal: Seal,
  previous: string,
  keys: readonly AuditKey[],
): ChainProblem | null {
  if (seal.eventId !== event.id) return 'event_changed'
  const key = keyNamed(seal.keyId, keys)
  const sealed = key === undefined ? null : sealIfWritable(event, seal, previous, key)
  if (sealed === null || !equalInConstantTime(seal.seal, sealed)) return 'seal_wrong'
  return areDetailsAsSealed(details, seal) ? null : 'details_changed'
}

/** Whether an event can be sealed at all. One that cannot keeps everything after it from being sealed. */
export function isSealable(event: SealedEvent): boolean {
  return sealIfWritable(event, hashesOf(null), '', new Uint8Array()) !== null
}

/** Null for what we cannot have written: a time that is none, or a number without an end. */
function sealIfWritable(
  event: SealedEvent,
  hashes: DetailHashes,
  previous: string,
  key: Uint8Array,
): string | null {
  try {
    return sealOf(event, hashes, previous, key)
  } catch {
    return null
  }
}

/** Whether a detail that was sealed is gone, with its salt. */
export function isErased(details: ErasableDetails | null, { emailHash, originHash }: DetailHashes): boolean {
  return (
    (emailHash !== null && details?.emailSalt == null) || (originHash !== null && details?.originSalt == null)
  )
}

/** Each detail is the one that was sealed, or was erased, or was never there. */
function areDetailsAsSealed(details: ErasableDetails | null, sealed: DetailHashes): boolean {
  if (details === null) return sealed.emailHash === null && sealed.originHash === null
  const { email, address, userAgent, emailSalt, originSalt } = details
  const now = hashesOf(details)
  const isEmailRight = emailSalt === null || sealed.emailHash === null ? email === null : isSame('emailHash')
  const isOriginRight =
    originSalt === null || sealed.originHash === null
      ? address === null && userAgent === null
      : isSame('originHash')
  return isEmailRight && isOriginRight

  function isSame(name: keyof DetailHashes): boolean {
    const [stored, computed] = [sealed[name], now[name]]
    return stored !== null && computed !== null && equalInConstantTime(stored, computed)
  }
}

function keyNamed(id: string, keys: readonly AuditKey[]): Uint8Array | undefined {
  return keys.find((key) => key.id === id)?.key
}

function saltedHash(parts: readonly (string | null)[]): string {
  return sha256(canonical(parts)).toString('base64url')
}

function mac(key: Uint8Array, value: unknown): string {
  return createHmac('sha256', key).update(canonical(value)).digest('base64url')
}

function canonical(value: unknown): string {
  const text = canonicalize(value)
  if (text === undefined) throw new Error('an audit event has no canonical form')
  return text
}
