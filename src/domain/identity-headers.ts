import type { ProofMethod } from './app-policy.ts'

/** Who somebody is, as an app behind a proxy is told. */
export interface ProvenIdentity {
  readonly user: {
    readonly id: string
    readonly email: string | null
    readonly name: string | null
    readonly role: string
    readonly groups: readonly string[]
  }
  readonly method: ProofMethod
  /** Null where no key is behind it. */
  readonly keyId: string | null
  readonly scopes: readonly string[]
}

/** `IDENTITY_HEADERS`: ours alone, or those too that many apps read by themselves. */
export type IdentityHeaders = 'x-auth-request' | 'remote'

/**
 * Every identity header, but for `X-Auth-Request-Jwt`, with an empty text where there is nothing to say: a proxy that copies
 * them all overwrites whatever the client sent under these names.
 */
export function identityHeaders(
  { user, method, keyId, scopes }: ProvenIdentity,
  family: IdentityHeaders,
): Record<string, string> {
  const email = encodeValue(user.email ?? '')
  const name = encodeValue(user.name ?? '')
  const groups = user.groups.map((group) => encodeValue(group).replaceAll(',', '%2C')).join(',')
  return {
    'X-Auth-Request-User': encodeValue(user.id),
    'X-Auth-Request-Email': email,
    'X-Auth-Request-Name': name,
    'X-Auth-Request-Role': encodeValue(user.role),
    'X-Auth-Request-Groups': groups,
    'X-Auth-Request-Method': method,
    'X-Auth-Request-Key-Id': keyId ?? '',
    'X-Auth-Request-Scopes': scopes.join(' '),
    ...(family === 'remote'
      ? {
          'Remote-User': encodeValue(user.id),
          'Remote-Email': email,
          'Remote-Name': name,
          'Remote-Groups': groups,
        }
      : {}),
  }
}

/** Printable ASCII: whatever else there is in a text, and `%` itself, is percent-encoded as UTF-8. */
function encodeValue(text: string): string {
  if (/^(?! )[ -$&-~]*(?<! )$/.test(text)) return text
  // A space at either end would be taken for none of the value (RFC 9110 §5.5).
  return text.replaceAll(/[^ -$&-~]+|^ | $/gu, (part) =>
    [...Buffer.from(part, 'utf8')]
      .map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`)
      .join(''),
  )
}
