import type { Context, MiddlewareHandler } from 'hono'
import type { Actor } from '../../domain/audit-event.ts'
import { equalInConstantTime } from '../../domain/constant-time.ts'
import { KeydeskError } from '../../domain/errors.ts'
import { looksLikeKeyText } from '../../domain/key-text.ts'
import { rateLimitHeaders } from '../../domain/rate-limit.ts'
import { effectiveScopes, wholeAdminScope } from '../../domain/scopes.ts'
import type { RecordRefusal } from '../../services/record-refusal.ts'
import type { VerifyKey } from '../../services/verify-key.ts'
import { adminScopeFor } from '../admin-scope.ts'
import { bearerToken } from '../bearer-token.ts'
import { type CountFailure, refuseTooManyFailures } from '../count-failure.ts'
import { type ReadSession, requireSession } from '../current-session.ts'
import type { AppEnvironment } from '../environment.ts'
import { requireNoOtherSite, requireSameOrigin } from './refuse-cross-site.ts'

/**
 * The three doors of the admin API: the master key as a bearer token, a browser whose user is an admin right now, and a
 * key that carries the scope and whose owner is an admin right now. Who shows none of them is written down and counted.
 * A header that was sent and is wrong is a refusal, whatever cookie comes with it.
 */
export function requireAdmin(options: {
  masterKey: string
  /** Whether that door is open. */
  isMasterKeyTaken: () => Promise<boolean>
  baseUrl: string
  verifyKey: VerifyKey
  readSession: ReadSession
  recordRefusal: RecordRefusal
  countFailure: CountFailure | null
}): MiddlewareHandler<AppEnvironment> {
  const { masterKey, isMasterKeyTaken, baseUrl, verifyKey, readSession, recordRefusal, countFailure } =
    options

  return async function requireAdminMiddleware(c, next) {
    const [authorization, apiKey] = [c.req.header('authorization'), c.req.header('x-api-key')]
    if (authorization === undefined && apiKey === undefined) await requireAdminSession(c)
    else if (authorization !== undefined && apiKey !== undefined) await refuse(c, 'two_credentials')
    else await requireCredential(c, apiKey ?? bearerToken(authorization), apiKey !== undefined)
    await next()
  }

  async function requireCredential(
    c: Context<AppEnvironment>,
    token: string | undefined,
    isKeyHeader: boolean,
  ): Promise<void> {
    if (token === undefined) return refuse(c, 'wrong_credential')
    if (isKeyHeader || looksLikeKeyText(token)) return requireAdminKey(c, token)
    if (!equalInConstantTime(token, masterKey)) return refuse(c, 'wrong_credential')
    if (!(await isMasterKeyTaken())) return refuse(c, 'master_key_off')
    admit(c, 'master_key', null, null)
  }

  async function requireAdminKey(c: Context<AppEnvironment>, keyText: string): Promise<void> {
    const { address } = c.get('caller')
    const userAgent = c.req.header('user-agent')
    const verification = await verifyKey({ keyText, scopes: [], groups: [], address, userAgent })
    if (verification.outcome === 'rate_limited') {
      // The credential is good: it is no failure of the address.
      for (const [name, value] of Object.entries(rateLimitHeaders('key', verification.rate)))
        c.header(name, value)
      throw new KeydeskError('rate_limited', {
        message: 'This key was used more often than its limit allows. Wait as long as Retry-After says.',
      })
    }
    if (verification.outcome !== 'valid') return refuse(c, `key_${verification.outcome}`)
    const { key, owner } = verification.record
    const scopes = effectiveScopes(key.scopes, owner)
    const wanted = adminScopeFor(c.req.method, c.req.path)
    if (!scopes.includes(wanted) && !scopes.includes(wholeAdminScope)) {
      await recordRefusal('admin.refused', 'insufficient_scope', c.get('origin'), `key:${key.id}`)
      throw new KeydeskError('insufficient_scope', {
        message: `This asks for a key that carries ${wanted}, or ${wholeAdminScope}, and whose owner is an admin.`,
        reason: 'insufficient_scope',
      })
    }
    admit(c, `key:${key.id}`, scopes, owner.id)
  }

  async function requireAdminSession(c: Context<AppEnvironment>): Promise<void> {
    const reading = await readSession(c)
    if (reading.outcome === 'none') {
      await recordRefusal('admin.refused', 'no_credential', c.get('origin'))
      throw new KeydeskError('unauthenticated', { message: wantedCredential, reason: 'no_credential' })
    }
    if (reading.outcome !== 'valid') await recordRefusal('admin.refused', reading.outcome, c.get('origin'))
    const { user, session } = requireSession(reading)
    if (user.role !== 'admin') {
      await recordRefusal('admin.refused', 'not_an_admin', c.get('origin'), `user:${user.id}`)
      throw new KeydeskError('forbidden', { message: 'This is for admins.', reason: 'not_an_admin' })
    }
    requireNoOtherSite(c)
    requireSameOrigin(c, baseUrl)
    admit(c, `user:${user.id}`, null, user.id)
    c.set('grantor', { ...c.get('grantor'), sessionId: session.id })
  }

  function admit(
    c: Context<AppEnvironment>,
    actor: Actor,
    ownScopes: readonly string[] | null,
    callerId: string | null,
  ): void {
    c.set('actor', actor)
    // Nobody comes through any of the three doors who is no admin right now.
    c.set('grantor', { actor, role: 'admin', ownScopes })
    c.set('callerId', callerId)
  }

  async function refuse(c: Context<AppEnvironment>, reason: string): Promise<never> {
    await recordRefusal('admin.refused', reason, c.get('origin'))
    await refuseTooManyFailures(c, countFailure, c.get('caller').bucket)
    throw new KeydeskError('unauthenticated', { message: wantedCredential, reason })
  }
}

const wantedCredential =
  'The admin API wants Authorization: Bearer <PROXY_MASTER_KEY>, a key of an admin that carries the scope, or the session of an admin.'
