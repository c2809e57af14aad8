import { createMiddleware } from 'hono/factory'
import { createRemoteJWKSet, errors, type JWTPayload, jwtVerify } from 'jose'
import type { Caller, CallerEnvironment } from './caller.ts'
import { refusal } from './keydesk.ts'

export interface KeydeskJwtOptions {
  /** Where Keydesk is called. */
  readonly url: string
  /** Its AUTH_BASE_URL, where that is another URL. */
  readonly issuer?: string
  /** Whom a JWT may be for: one of these. */
  readonly audiences: readonly string[]
}

/**
 * Takes a JWT of Keydesk from `Authorization: Bearer`, checked by Keydesk's public keys, which jose fetches when it needs
 * them: once a second at most, however many unknown keys JWTs name. A revoked key is noticed when its JWT ends.
 */
export function keydeskJwt(options: KeydeskJwtOptions) {
  const { url, issuer = url, audiences } = options
  if (audiences.length === 0) throw new Error('Name at least one audience.')
  const keys = createRemoteJWKSet(new URL('/.well-known/jwks.json', url), {
    timeoutDuration: 3000,
    cooldownDuration: 1000,
    cacheMaxAge: 600_000,
  })

  async function verify(token: string): Promise<Caller> {
    try {
      const { payload } = await jwtVerify(token, keys, {
        issuer,
        audience: [...audiences],
        // Named, so that no other one is ever taken: not `none`, and nothing with a shared secret.
        algorithms: ['ES256', 'RS256'],
        requiredClaims: ['iss', 'aud', 'sub', 'iat', 'exp'],
        clockTolerance: 5,
      })
      return callerOf(payload)
    } catch (error) {
      if (isOfTheToken(error)) throw invalidToken('The JWT is not valid here.', error)
      throw refusal(
        503,
        'unavailable',
        'Keydesk’s signing keys cannot be had right now.',
        new Headers(),
        error,
      )
    }
  }

  /** A middleware that wants each of these scopes, and one of these roles; a group is a role too. */
  return function require(demands: { scopes?: readonly string[]; roles?: readonly string[] } = {}) {
    const { scopes = [], roles = [] } = demands
    return createMiddleware<CallerEnvironment>(async function keydeskJwtMiddleware(c, next) {
      const authorization = c.req.header('authorization')
      if (authorization === undefined) throw invalidToken('Send a JWT of Keydesk.')
      const [, token = ''] = /^bearer +([\w.-]{1,8192})$/i.exec(authorization) ?? []
      const caller = await verify(token)
      if (!scopes.every((scope) => caller.scopes.includes(scope))) {
        const challenge = `Bearer error="insufficient_scope", scope="${scopes.join(' ')}"`
        const headers = new Headers({ 'WWW-Authenticate': challenge })
        throw refusal(403, 'insufficient_scope', 'The JWT lacks a scope.', headers)
      }
      if (roles.length > 0 && !roles.some((role) => caller.roles.includes(role)))
        throw refusal(403, 'forbidden', `This wants one of the roles ${roles.join(', ')}.`)
      c.set('caller', caller)
      await next()
    })
  }
}

/** Whether it is the token that is wrong; else nothing can be said of it. */
function isOfTheToken(error: unknown): boolean {
  return (
    error instanceof errors.JWTClaimValidationFailed ||
    error instanceof errors.JWTExpired ||
    error instanceof errors.JWTInvalid ||
    error instanceof errors.JWSInvalid ||
    error instanceof errors.JWSSignatureVerificationFailed ||
    error instanceof errors.JWKSNoMatchingKey ||
    error instanceof errors.JOSEAlgNotAllowed ||
    error instanceof errors.JOSENotSupported
  )
}

function callerOf(payload: JWTPayload): Caller {
  const { sub = '', email = null, name = null, roles = [], scope = '' } = payload as JWTPayload & Claims
  return { userId: sub, method: 'jwt', email, name, roles, scopes: scope.split(' ').filter(Boolean) }
}

interface Claims {
  readonly email?: string
  readonly name?: string
  readonly roles?: string[]
  readonly scope?: string
}

function invalidToken(message: string, cause?: unknown) {
  const headers = new Headers({ 'WWW-Authenticate': 'Bearer error="invalid_token"' })
  return refusal(401, 'invalid_token', message, headers, cause)
}
