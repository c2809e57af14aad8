import { isReservedScope } from './scopes.ts'

/** What a JWT of ours says. It names exactly one proof that it lives and dies with: a key or a session. */
export interface JwtClaims {
  readonly iss: string
  /** The service or app that it is for: those that we make name one. */
  readonly aud: string | string[]
  /** The id of the user. */
  readonly sub: string
  /** Absent where the user has none, as service accounts may. */
  readonly email?: string
  readonly name?: string
  /** The role, and the groups: where frameworks look for either. */
  readonly roles: readonly string[]
  readonly groups: readonly string[]
  /** Separated by spaces; never one that gives rights on Keydesk itself. */
  readonly scope: string
  readonly jti: string
  /** In seconds since 1970, as `exp` is. */
  readonly iat: number
  readonly exp: number
  readonly key_id?: string
  readonly sid?: string
}

/** The user whom a JWT speaks of. */
export interface JwtSubject {
  readonly id: string
  readonly email: string | null
  readonly name: string | null
  readonly role: string
  readonly groups: readonly string[]
}

/** What a JWT came from, and dies with. */
export type JwtProof = { readonly key_id: string } | { readonly sid: string }

/** The claims of a new JWT. It never outlives `endsAt`, which is when its key expires or its session ends. */
export function buildClaims(from: {
  issuer: string
  audience: string
  subject: JwtSubject
  scopes: readonly string[]
  proof: JwtProof
  jti: string
  issuedAt: Date
  ttlSeconds: number
  endsAt: Date | null
}): JwtClaims {
  const { subject, endsAt } = from
  const iat = toSeconds(from.issuedAt)
  const exp = iat + from.ttlSeconds
  return {
    iss: from.issuer,
    aud: from.audience,
    sub: subject.id,
    ...(subject.email === null ? {} : { email: subject.email }),
    ...(subject.name === null ? {} : { name: subject.name }),
    roles: [subject.role, ...subject.groups],
    groups: [...subject.groups],
    scope: withoutReserved(from.scopes).join(' '),
    jti: from.jti,
    iat,
    exp: endsAt === null ? exp : Math.min(exp, toSeconds(endsAt)),
    ...from.proof,
  }
}

/** Scopes that may leave Keydesk in a JWT: rights on Keydesk itself never do. */
export function withoutReserved(scopes: readonly string[]): string[] {
  return scopes.filter((scope) => !isReservedScope(scope))
}

/** The scopes of a `scope` claim or parameter: separated by spaces (RFC 6749 §3.3). */
export function splitScopes(scope: string): string[] {
  return scope === '' ? [] : scope.split(' ')
}

/** The claims of a payload whose signature was verified, or null where they are not of the form that we write. */
export function readClaims(payload: string): JwtClaims | null {
  const read = parseObject(payload)
  if (read === null) return null
  const { iss, aud, sub, jti, scope, email, name, key_id, sid } = read
  const audiences = Array.isArray(aud) && aud.length > 0 ? aud : [aud]
  const areTexts =
    [...audiences, iss, sub, jti, scope].every(isText) &&
    [email, name, key_id, sid].every((claim) => claim === undefined || isText(claim)) &&
    [read.roles, read.groups].every((claim) => Array.isArray(claim) && claim.every(isText))
  const areTimes = Number.isSafeInteger(read.iat) && Number.isSafeInteger(read.exp)
  const hasOneProof = (key_id === undefined) !== (sid === undefined)
  // Guarantee: every claim was looked at above.
  return areTexts && areTimes && hasOneProof ? (read as unknown as JwtClaims) : null
}

/** Whether a JWT is for an audience, which compares to the letter. */
export function isFor({ aud }: JwtClaims, audience: string): boolean {
  return typeof aud === 'string' ? aud === audience : aud.includes(audience)
}

/** More than fits into the headers of a request. */
const charactersMax = 65_536

/**
 * Whether a text looks like a JWT that `issuer` made: an unverified look at `iss`, to tell our credentials from those of
 * an app. It proves nothing. Never throws.
 */
export function isOwnJwt(text: string, issuer: string): boolean {
  return unverifiedPayload(text)?.iss === issuer
}

/** The payload of what has the form of a JWT, or null. Nothing in it is proven. */
function unverifiedPayload(text: string): Record<string, unknown> | null {
  if (text.length > charactersMax) return null
  const [, payload] = /^[\w-]+\.([\w-]+)\.[\w-]*$/.exec(text) ?? []
  return payload === undefined ? null : parseObject(Buffer.from(payload, 'base64url').toString('utf8'))
}

function parseObject(text: string): Record<string, unknown> | null {
  try {
    const read: unknown = JSON.parse(text)
    return typeof read === 'object' && read !== null && !Array.isArray(read)
      ? (read as Record<string, unknown>)
      : null
  } catch {
    return null
  }
}

function isText(claim: unknown): claim is string {
  return typeof claim === 'string'
}

function toSeconds(at: Date): number {
  return Math.floor(at.getTime() / 1000)
}
