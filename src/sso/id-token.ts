import { createRemoteJWKSet, customFetch, type JWTPayload, jwtVerify } from 'jose'
import { equalInConstantTime } from '../domain/constant-time.ts'
import { type BoundedFetch, providerError } from './bounded-fetch.ts'

const algorithms = ['RS256', 'ES256', 'EdDSA', 'Ed25519']
const clockSkewSeconds = 60
const ageMaxSeconds = 600
const cooldownMs = 60_000

/** Verifies ID tokens as OpenID Connect Core §3.1.3.7 asks. @throws KeydeskError `provider_error` */
export function createIdTokenVerifier(options: {
  issuer: string
  clientId: string
  fetch: BoundedFetch
  now: () => Date
}) {
  const keySets = new Map<string, ReturnType<typeof createRemoteJWKSet>>()

  return async function verifyIdToken(
    idToken: string,
    jwksUri: string,
    openIdNonce: string,
  ): Promise<JWTPayload> {
    try {
      const { payload, protectedHeader } = await jwtVerify(idToken, keySet(jwksUri), {
        algorithms,
        issuer: options.issuer,
        audience: options.clientId,
        clockTolerance: clockSkewSeconds,
        maxTokenAge: ageMaxSeconds,
        currentDate: options.now(),
        requiredClaims: ['sub', 'iat', 'exp', 'nonce'],
      })
      const problem = problemOf(payload, protectedHeader.typ, openIdNonce)
      if (problem !== null) throw new Error(problem)
      return payload
    } catch (cause) {
      throw providerError('id_token_refused', cause)
    }
  }

  function problemOf(payload: JWTPayload, typ: string | undefined, openIdNonce: string): string | null {
    // Access tokens (at+jwt) and logout tokens (logout+jwt, `events`) are signed by the same keys.
    if (typ !== undefined && typ.toUpperCase() !== 'JWT') return `typ is ${typ}`
    if ('events' in payload) return 'it is a logout token'
    const audiences = [payload.aud].flat()
    if (audiences.some((audience) => audience !== options.clientId))
      return 'it has an audience that we do not know'
    if ('azp' in payload && payload.azp !== options.clientId) return 'azp is another client'
    if (typeof payload.nonce !== 'string' || !equalInConstantTime(payload.nonce, openIdNonce))
      return 'nonce differs'
    return null
  }

  /**
   * Keys are cached by jose, and fetched again for an unknown `kid` at most once a minute: jose counts from the last
   * fetch that succeeded, and we from any.
   */
  function keySet(jwksUri: string) {
    const known = keySets.get(jwksUri)
    if (known !== undefined) return known
    let askedAt = 0
    const made = createRemoteJWKSet(new URL(jwksUri), {
      cooldownDuration: cooldownMs,
      [customFetch]: async (url, init) => {
        // Keys that are fresh are fetched for an unknown `kid` alone.
        if (made.fresh && Date.now() < askedAt + cooldownMs)
          throw new Error('the keys were asked for a moment ago')
        askedAt = Date.now()
        const response = await options.fetch(url, { headers: init.headers })
        return new Response(response.body, { status: response.status })
      },
    })
    keySets.clear()
    keySets.set(jwksUri, made)
    return made
  }
}
