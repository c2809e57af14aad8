import type { AppJudgement, ProofMethod } from '../domain/app-policy.ts'
import type { ForwardedRequest } from '../domain/forwarded-request.ts'
import type { ProvenIdentity } from '../domain/identity-headers.ts'
import { withoutReserved } from '../domain/jwt-claims.ts'
import type { KeyRefusal } from '../domain/key-status.ts'
import type { RateState } from '../domain/rate-limit.ts'
import { effectiveScopes } from '../domain/scopes.ts'
import type { CheckJwt } from './check-jwt.ts'
import type { FindApps } from './find-apps.ts'
import type { FindSession } from './find-session.ts'
import type { Holder } from './holder.ts'
import { createProvenIdentities } from './proven-identities.ts'
import type { ProxyJwt } from './proxy-jwt.ts'
import type { VerifyKey } from './verify-key.ts'

/** What somebody asks of an app through a proxy, and the one credential that they show. */
export interface ProxiedRequest {
  readonly credential: { readonly kind: 'key' | 'jwt' | 'session' | 'app_session'; readonly text: string }
  readonly asked: Pick<ForwardedRequest, 'host' | 'origin' | 'path'>
  /** What the address demands at which the proxy asks us. */
  readonly scopes: readonly string[]
  readonly groups: readonly string[]
  /** Null where the proxy does not say. */
  readonly address: string | null
  readonly userAgent: string | undefined
}

/** Whether somebody may pass. A session that opens nothing any more is none. */
export type Passage =
  | ({ readonly outcome: 'allowed'; readonly identity: ProvenIdentity; readonly jwt: string } & Proven)
  | { readonly outcome: 'no_session' }
  /** A key or a JWT that is not good, or not for what the address demands. */
  | {
      readonly outcome: 'refused_credential'
      readonly code: CredentialRefusal
      readonly keyId: string | null
    }
  | { readonly outcome: 'rate_limited'; readonly rate: RateState; readonly keyId: string }
  /** Signed in, and shut out: by an administrator, or by the rules. */
  | { readonly outcome: 'shut_out'; readonly why: 'user_disabled' | 'owner_not_allowed' }
  /** Known, and not allowed to come to this app. */
  | { readonly outcome: 'not_here'; readonly why: Exclusion; readonly holder: Holder }

export type CredentialRefusal = KeyRefusal | 'invalid_key' | 'invalid_jwt'
/** `unknown_host`: no app has this host, and UNKNOWN_HOST is deny. */
export type Exclusion = Exclude<AppJudgement, 'allowed'>

interface Proven {
  readonly holder: Holder
  readonly rate: RateState | null
  readonly leaseUntil: Date | null
}
type Proof =
  | ({
      readonly outcome: 'proven'
      readonly method: ProofMethod
      readonly scopes: readonly string[]
      /** Of a JWT. */
      readonly endsAt?: Date
    } & Proven)
  | Exclude<Passage, { outcome: 'allowed' }>

export type VerifyRequest = (request: ProxiedRequest) => Promise<Passage>

/**
 * Says whether a request may pass to an app: the credential has to be good for what is demanded, and the apps of the host
 * have to let its holder come to this path. All of it is judged as of now, at every request.
 * @throws KeydeskError `unavailable`, `overloaded`: never a pass
 */
export function createVerifyRequest(dependencies: {
  verifyKey: VerifyKey
  findSession: FindSession
  checkJwt: CheckJwt
  findApps: FindApps
  proxyJwt: ProxyJwt
  /** Whether everybody who is known may come to a host that no app has. */
  allowsUnknownHosts: boolean
}): VerifyRequest {
  const { verifyKey, findSession, checkJwt, findApps, proxyJwt, allowsUnknownHosts } = dependencies
  const identityOf = createProvenIdentities()

  return async function verifyRequest(request) {
    // Read first, so that as a rule nothing is waited for between the judgement of the credential and that of the app.
    if (findApps.remembered() === null) await findApps.fresh()
    const proof = await prove(request)
    if (proof.outcome !== 'proven') return proof
    const apps = findApps.remembered() ?? (await findApps.fresh())
    const { holder, method, scopes, rate, leaseUntil } = proof
    const { host, origin, path } = request.asked
    const { role, groups } = holder.kind === 'key' ? holder.record.owner : holder.user
    const judgement = apps.judge(host, path, { role, groups, scopes, method })
    const isIn = judgement === 'allowed' || (judgement === 'unknown_host' && allowsUnknownHosts)
    if (!isIn) return { outcome: 'not_here', why: judgement, holder }
    // An app that shows the JWT that it got must not get a younger one for it, or none would ever end.
    const shown = proof.endsAt === undefined ? undefined : { scopes, endsAt: proof.endsAt }
    const signing = proxyJwt(holder, origin, shown)
    const jwt = typeof signing === 'string' ? signing : await signing
    return { outcome: 'allowed', holder, identity: identityOf(holder, method, scopes), jwt, rate, leaseUntil }
  }

  function prove(request: ProxiedRequest): Promise<Proof> {
    const { kind } = request.credential
    if (kind === 'key') return proveKey(request)
    return kind === 'jwt' ? proveJwt(request) : proveSession(request)
  }

  async function proveKey({
    credential,
    scopes,
    groups,
    address,
    userAgent,
  }: ProxiedRequest): Promise<Proof> {
    const verification = await verifyKey({ keyText: credential.text, scopes, groups, address, userAgent })
    if (verification.outcome === 'valid') {
      const { record, rate, leaseUntil } = verification
      const carried = withoutReserved(effectiveScopes(record.key.scopes, record.owner))
      const holder = { kind: 'key', record } as const
      return { outcome: 'proven', holder, method: 'key', scopes: carried, rate, leaseUntil }
    }
    if (verification.outcome === 'invalid_key')
      return { outcome: 'refused_credential', code: 'invalid_key', keyId: null }
    return refused(verification)
  }

  async function proveJwt(request: ProxiedRequest): Promise<Proof> {
    const { credential, asked, scopes, groups, address, userAgent } = request
    const jwt = credential.text
    const verification = await checkJwt({ jwt, audience: asked.origin, scopes, groups, address, userAgent })
    if (verification.outcome === 'valid') {
      const { holder, scopes, rate, leaseUntil, claims } = verification
      const endsAt = new Date(claims.exp * 1000)
      return { outcome: 'proven', holder, method: 'jwt', scopes, endsAt, rate, leaseUntil }
    }
    if (verification.outcome === 'invalid_jwt')
      return { outcome: 'refused_credential', code: 'invalid_jwt', keyId: null }
    if ('record' in verification) return refused(verification)
    return { outcome: 'refused_credential', code: verification.outcome, keyId: null }
  }

  async function proveSession({ credential, scopes, groups }: ProxiedRequest): Promise<Proof> {
    const { kind, text } = credential
    const reading = await (kind === 'session' ? findSession(text) : findSession.byApp(text))
    if (reading.outcome === 'none') return { outcome: 'no_session' }
    if (reading.outcome !== 'valid') return { outcome: 'shut_out', why: reading.outcome }
    const { session, user } = reading
    const holder = { kind: 'session', session, user } as const
    // A session carries no scopes.
    if (scopes.length > 0) return { outcome: 'not_here', why: 'scope', holder }
    if (!groups.every((group) => user.groups.includes(group)))
      return { outcome: 'not_here', why: 'group', holder }
    return { outcome: 'proven', holder, method: 'session', scopes: [], rate: null, leaseUntil: null }
  }
}

type RefusedKey = Exclude<
  Extract<Awaited<ReturnType<VerifyKey>>, { readonly record: unknown }>,
  { outcome: 'valid' }
>

function refused(verification: RefusedKey): Proof {
  const keyId = verification.record.key.id
  return verification.outcome === 'rate_limited'
    ? { outcome: 'rate_limited', rate: verification.rate, keyId }
    : { outcome: 'refused_credential', code: verification.outcome, keyId }
}
