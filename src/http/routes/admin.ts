import type { OpenAPIHono } from '@hono/zod-openapi'
import type { Config } from '../../config.ts'
import type { Access, Allowlist, SettledRules } from '../../services/access-policies.ts'
import type { AddAccessRule } from '../../services/add-access-rule.ts'
import type { AddApp } from '../../services/add-app.ts'
import type { ApproveIdentity } from '../../services/approve-identity.ts'
import type { ChangeApp } from '../../services/change-app.ts'
import type { ChangeKey } from '../../services/change-key.ts'
import type { ChangeUser } from '../../services/change-user.ts'
import type { CreateServiceAccount } from '../../services/create-service-account.ts'
import type { DescribeDesk } from '../../services/describe-desk.ts'
import type { EndSessions } from '../../services/end-sessions.ts'
import type { EraseUser } from '../../services/erase-user.ts'
import type { InviteUser } from '../../services/invite-user.ts'
import type { JwtServices } from '../../services/jwt-services.ts'
import type { MintKey } from '../../services/mint-key.ts'
import type { PreviewAccessRules } from '../../services/preview-access-rules.ts'
import type { RecordRefusal } from '../../services/record-refusal.ts'
import type { RemoveAccessRule } from '../../services/remove-access-rule.ts'
import type { RemoveApp } from '../../services/remove-app.ts'
import type { RemoveIdentity } from '../../services/remove-identity.ts'
import type { RetireKey } from '../../services/retire-key.ts'
import type { RevokeEverything } from '../../services/revoke-everything.ts'
import type { RevokeKey } from '../../services/revoke-key.ts'
import type { RevokeKeys } from '../../services/revoke-keys.ts'
import type { RotateKey } from '../../services/rotate-key.ts'
import type { VerifyAudit } from '../../services/verify-audit.ts'
import type { VerifyKey } from '../../services/verify-key.ts'
import type { WithdrawInvitation } from '../../services/withdraw-invitation.ts'
import type { Storage } from '../../storage/storage.ts'
import type { CountFailure } from '../count-failure.ts'
import type { ReadSession } from '../current-session.ts'
import type { AppEnvironment } from '../environment.ts'
import { refusePlainHttp } from '../middleware/refuse-plain-http.ts'
import { requireAdmin } from '../middleware/require-admin.ts'
import { adminAccessRuleRoutes } from './admin-access-rules.ts'
import { adminAppRoutes } from './admin-apps.ts'
import { adminAuditRoutes } from './admin-audit.ts'
import { adminInvitationRoutes } from './admin-invitations.ts'
import { adminKeyRotationRoutes } from './admin-key-rotation.ts'
import { adminKeyRoutes } from './admin-keys.ts'
import { adminServiceAccountRoutes } from './admin-service-accounts.ts'
import { adminSessionRoutes } from './admin-sessions.ts'
import { adminSigningKeyRoutes } from './admin-signing-keys.ts'
import { adminUserRoutes } from './admin-users.ts'

/** What admins do. */
export interface AdminServices {
  readonly mintKey: MintKey
  readonly changeKey: ChangeKey
  readonly revokeKey: RevokeKey
  readonly revokeKeys: RevokeKeys
  readonly rotateKey: RotateKey
  readonly retireKey: RetireKey
  readonly changeUser: ChangeUser
  readonly eraseUser: EraseUser
  readonly revokeEverything: RevokeEverything
  readonly createServiceAccount: CreateServiceAccount
  readonly inviteUser: InviteUser
  readonly approveIdentity: ApproveIdentity
  readonly withdrawInvitation: WithdrawInvitation
  readonly removeIdentity: RemoveIdentity
  readonly addAccessRule: AddAccessRule
  readonly removeAccessRule: RemoveAccessRule
  readonly previewAccessRules: PreviewAccessRules
  readonly addApp: AddApp
  readonly changeApp: ChangeApp
  readonly removeApp: RemoveApp
  readonly endSessions: EndSessions
  readonly verifyAudit: VerifyAudit
  readonly describeDesk: DescribeDesk
}

export interface AdminDependencies {
  readonly config: Config
  readonly storage: Storage
  readonly admin: AdminServices
  readonly access: Access
  readonly settled: SettledRules
  readonly verifyKey: VerifyKey
  readonly jwts: JwtServices
  readonly allowlist: Allowlist | null
  readonly readSession: ReadSession
  readonly recordRefusal: RecordRefusal
  readonly countFailure: CountFailure | null
  readonly now: () => Date
}

/** The admin API: nothing under `/admin/` is reached without the right to it. */
export function adminRoutes(app: OpenAPIHono<AppEnvironment>, dependencies: AdminDependencies): void {
  const { config, admin } = dependencies
  const { authBaseUrl: baseUrl } = config
  app.use('/admin/*', refusePlainHttp(baseUrl))
  const masterKey = config.proxyMasterKey
  // The door closes when somebody else can open the other two, and not before: nobody shall be locked out.
  const isMasterKeyTaken = async () =>
    config.adminBearer || !(await dependencies.storage.users.hasOtherAdmin(''))
  app.use('/admin/*', requireAdmin({ ...dependencies, masterKey, isMasterKeyTaken, baseUrl }))
  const shared = {
    ...dependencies,
    ...admin,
    baseUrl,
    signUp: config.signUp,
    unknownHost: config.unknownHost,
    idleSecondsMax: config.sessionIdle,
    // Rules for Google may be written before its client id is.
    providerIds: new Set(['google', ...config.providers.map(({ id }) => id)]),
    signInProviderIds: new Set(config.providers.map(({ id }) => id)),
  }
  adminUserRoutes(app, shared)
  adminServiceAccountRoutes(app, shared)
  adminInvitationRoutes(app, shared)
  adminSessionRoutes(app, shared)
  adminAccessRuleRoutes(app, shared)
  adminAppRoutes(app, shared)
  adminKeyRotationRoutes(app, shared)
  adminKeyRoutes(app, shared)
  adminAuditRoutes(app, shared)
  adminSigningKeyRoutes(app, { ...shared, ...dependencies.jwts })
}
