import type { Logger } from 'pino'
import type { Config } from './config.ts'
import type { AuditKey } from './domain/audit-chain.ts'
import { sha256 } from './domain/constant-time.ts'
import type { DerivedKeys } from './domain/derived-keys.ts'
import { type Access, type Allowlist, createAccess, type SettledRules } from './services/access-policies.ts'
import { createAddAccessRule } from './services/add-access-rule.ts'
import { createAddApp } from './services/add-app.ts'
import { createAdmitIdentity } from './services/admit-identity.ts'
import { createApproveIdentity } from './services/approve-identity.ts'
import { createBeginSignIn } from './services/begin-sign-in.ts'
import { createChangeApp } from './services/change-app.ts'
import { createChangeKey } from './services/change-key.ts'
import { createChangeUser } from './services/change-user.ts'
import { createCheckCallback } from './services/check-callback.ts'
import { createCountUnusedKeys } from './services/count-unused-keys.ts'
import { createCreateServiceAccount } from './services/create-service-account.ts'
import { createDescribeDesk } from './services/describe-desk.ts'
import { createEndSessions } from './services/end-sessions.ts'
import { createEraseUser } from './services/erase-user.ts'
import { createExchangeAuthCode } from './services/exchange-auth-code.ts'
import { createFindApps } from './services/find-apps.ts'
import { createFindSession, type FindSession } from './services/find-session.ts'
import { createFinishSignIn } from './services/finish-sign-in.ts'
import { createIntrospectToken } from './services/introspect-token.ts'
import { createInviteUser } from './services/invite-user.ts'
import { createIssueAuthCode } from './services/issue-auth-code.ts'
import type { JwtServices } from './services/jwt-services.ts'
import { createLinkIdentity } from './services/link-identity.ts'
import type { MakeKey } from './services/make-key.ts'
import { createMakeOnce } from './services/make-once.ts'
import type { Metrics } from './services/metrics.ts'
import { createMintKey } from './services/mint-key.ts'
import { createMintOwnKey } from './services/mint-own-key.ts'
import { createMintSsoKey } from './services/mint-sso-key.ts'
import { createPollAllowlist, type PollAllowlist } from './services/poll-allowlist.ts'
import { createPreviewAccessRules } from './services/preview-access-rules.ts'
import { createPruneAudit } from './services/prune-audit.ts'
import type { RecordRefusal } from './services/record-refusal.ts'
import { createRefuseSignIn } from './services/refuse-sign-in.ts'
import { createRemoveAccessRule } from './services/remove-access-rule.ts'
import { createRemoveApp } from './services/remove-app.ts'
import { createRemoveIdentity } from './services/remove-identity.ts'
import { createRetireKey } from './services/retire-key.ts'
import { createRevokeEverything } from './services/revoke-everything.ts'
import { createRevokeHeldKey } from './services/revoke-held-key.ts'
import { createRevokeKey, type RevokeKey } from './services/revoke-key.ts'
import { createRevokeKeys } from './services/revoke-keys.ts'
import { createRotateKey } from './services/rotate-key.ts'
import { createRotateOwnKey } from './services/rotate-own-key.ts'
import { type ChainHead, createSealAudit } from './services/seal-audit.ts'
import { createStartSession } from './services/start-session.ts'
import { createVerifyAudit } from './services/verify-audit.ts'
import type { VerifyKey } from './services/verify-key.ts'
import { createVerifyRequest } from './services/verify-request.ts'
import { createWithdrawInvitation } from './services/withdraw-invitation.ts'
import { createWriteInvitation } from './services/write-invitation.ts'
import { createAllowlistSource } from './sso/allowlist-source.ts'
import { createProvider } from './sso/provider.ts'
import type { Storage } from './storage/storage.ts'

/** What every service is made of. */
export interface Parts {
  readonly config: Config
  readonly storage: Storage
  readonly metrics: Metrics
  readonly makeKey: MakeKey
  readonly derived: DerivedKeys
  readonly auditKeys: readonly AuditKey[]
  readonly recordRefusal: RecordRefusal
  readonly access: Access
  readonly findSession: FindSession
  readonly now: () => Date
}

/** The rules that the settings make, which do not change while the process runs. */
export function settledRules(config: Config): SettledRules {
  return {
    rules: [...config.allowedDomains, ...config.allowedEmails, ...config.deniedEmails],
    admins: config.adminEmails,
    isOpenWithoutRules: config.admitsAnybody,
    issuers:
      config.providers.length === 0 ? null : new Map(config.providers.map(({ id, issuer }) => [id, issuer])),
  }
}

/** Null where there is no external list. */
export function allowlistOf({
  allowlistUrl: url,
  allowlistStaleMax: staleSecondsMax,
}: Config): Allowlist | null {
  return url === undefined ? null : { urlHash: sha256(url).toString('base64url'), staleSecondsMax }
}

/** Who may come in, and the sessions of those who are in: what sign-in, verification and the pages share. */
export function composeAccess(config: Config, storage: Storage, now: () => Date) {
  const access = createAccess({ storage, settled: settledRules(config), allowlist: allowlistOf(config), now })
  const findSession = createFindSession({ storage, access, idleSecondsMax: config.sessionIdle, now })
  return { access, findSession }
}

/** Null where no provider is configured: sign-in is off then. */
export function composeSignIn(parts: Parts) {
  const { config, storage, makeKey, derived, access, now } = parts
  if (config.providers.length === 0) return null
  const providers = config.providers.map((settings) =>
    createProvider({
      ...settings,
      // Each has a redirect URI of its own, so that no answer can be taken for another's (RFC 9700 §4.4.2).
      redirectUri: `${config.authBaseUrl}/auth/callback${settings.id === 'google' ? '' : `/${settings.id}`}`,
      timeoutSeconds: config.providerTimeout,
      now,
    }),
  )
  const shared = {
    ...parts,
    providers,
    signUp: config.signUp,
    stateKey: derived.state,
    attemptKey: derived.attempt,
    stateTtlSeconds: config.stateTtl,
  }
  const admitIdentity = createAdmitIdentity(shared)
  const ssoKey = {
    scopes: config.ssoKeyScopes,
    ttlSeconds: config.ssoKeyTtl,
    perUserMax: config.ssoKeysMax,
  }
  const startSession = createStartSession({
    storage,
    admitIdentity,
    sessionSecondsMax: config.sessionMax,
    hasAppCookie: config.cookieDomain !== undefined,
    now,
  })
  return {
    providers,
    beginSignIn: createBeginSignIn({ ...shared, access }),
    issueAuthCode: createIssueAuthCode(parts),
    finishSignIn: createFinishSignIn({
      ...shared,
      checkCallback: createCheckCallback(shared),
      mintSsoKey: createMintSsoKey({ storage, admitIdentity, makeKey, ssoKey, now }),
      startSession,
      linkIdentity: createLinkIdentity(shared),
      refuseSignIn: createRefuseSignIn(shared),
    }),
  }
}

/** What admins do. */
export function composeAdmin(parts: Parts) {
  const makeOnce = createMakeOnce(parts)
  const writeInvitation = createWriteInvitation({ ...parts, ttlSeconds: parts.config.invitationTtl })
  return {
    mintKey: createMintKey({ ...parts, makeOnce }),
    changeKey: createChangeKey(parts),
    rotateKey: createRotateKey({ ...parts, makeOnce }),
    retireKey: createRetireKey(parts),
    revokeKey: createRevokeKey(parts),
    revokeKeys: createRevokeKeys(parts),
    changeUser: createChangeUser(parts),
    eraseUser: createEraseUser(parts),
    revokeEverything: createRevokeEverything(parts),
    createServiceAccount: createCreateServiceAccount(parts),
    inviteUser: createInviteUser({ ...parts, writeInvitation }),
    approveIdentity: createApproveIdentity({ ...parts, writeInvitation }),
    withdrawInvitation: createWithdrawInvitation(parts),
    removeIdentity: createRemoveIdentity(parts),
    addAccessRule: createAddAccessRule(parts),
    removeAccessRule: createRemoveAccessRule(parts),
    previewAccessRules: createPreviewAccessRules(parts),
    addApp: createAddApp(parts),
    changeApp: createChangeApp(parts),
    removeApp: createRemoveApp(parts),
    endSessions: createEndSessions(parts),
    verifyAudit: createVerifyAudit(parts),
    describeDesk: createDescribeDesk({ ...parts, countUnusedKeys: createCountUnusedKeys(parts) }),
  }
}

/** What keeps the audit trail: seals what came, and prunes what is older than it is to be kept. */
export function composeAudit(parts: Parts, log: Logger) {
  const report = (head: ChainHead, lost: ChainHead | null) => {
    if (lost === null) return log.info({ seq: head.seq, seal: head.seal }, 'head of the audit trail')
    log.error({ seq: head.seq, lost_seq: lost.seq, lost_seal: lost.seal }, auditCut)
  }
  const prune = createPruneAudit({ ...parts, retentionSeconds: parts.config.auditRetention })
  return { seal: createSealAudit({ ...parts, report }), prune: () => prune().then(() => undefined) }
}

const auditCut =
  'the end of the audit trail is gone: somebody changed the database, or restored an older state of it'

/** What people do for themselves; the rest of it is what admins do, too. */
export function composeAccount(parts: Parts, admin: ReturnType<typeof composeAdmin>) {
  const { selfServiceScopes: scopes, selfServiceKeysMax: perUserMax } = parts.config
  const { rotateKey, retireKey, revokeKey, endSessions } = admin
  return {
    mintOwnKey: createMintOwnKey({
      ...parts,
      makeOnce: createMakeOnce(parts),
      offer: { scopes, perUserMax },
    }),
    rotateOwnKey: createRotateOwnKey({ ...parts, rotateKey }),
    retireKey,
    revokeKey,
    endSessions,
  }
}

/** What proxies ask before they let a request through to an app. */
export function composeVerifyRequest(parts: Parts, verifyKey: VerifyKey, jwts: JwtServices) {
  const allowsUnknownHosts = parts.config.unknownHost === 'allow'
  return createVerifyRequest({
    ...parts,
    ...jwts,
    verifyKey,
    findApps: createFindApps(parts),
    allowsUnknownHosts,
  })
}

/** What OAuth has words for: asking about a token, stopping one, and a code for an app elsewhere. */
export function composeStandards(
  parts: Parts,
  verifyKey: VerifyKey,
  jwts: JwtServices,
  revokeKey: RevokeKey,
) {
  const { checkJwt, signJwt } = jwts
  return {
    introspectToken: createIntrospectToken({ verifyKey, checkJwt, issuer: parts.config.authBaseUrl }),
    revokeHeldKey: createRevokeHeldKey({ verifyKey, revokeKey }),
    exchangeAuthCode: createExchangeAuthCode({ ...parts, signJwt }),
  }
}

/** Null where there is no external list. */
export function composeAllowlist(
  config: Config,
  storage: Storage,
  report: (message: string) => void,
  now: () => Date,
): PollAllowlist | null {
  const { allowlistUrl: url, allowlistToken: token, allowlistInterval: intervalSeconds } = config
  const allowlist = allowlistOf(config)
  if (url === undefined || allowlist === null) return null
  const source = createAllowlistSource({ url, token })
  return createPollAllowlist({ storage, source, urlHash: allowlist.urlHash, intervalSeconds, report, now })
}
