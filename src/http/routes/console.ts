import type { Hono } from 'hono'
import type { Config } from '../../config.ts'
import type { RecordRefusal } from '../../services/record-refusal.ts'
import type { Storage } from '../../storage/storage.ts'
import { createMakeFrame, type MakeFrame } from '../console-frame.ts'
import type { ReadSession } from '../current-session.ts'
import type { AppEnvironment } from '../environment.ts'
import type { Forms } from '../forms.ts'
import { refuseCredentials } from '../middleware/refuse-credentials.ts'
import { refusePlainHttp } from '../middleware/refuse-plain-http.ts'
import { requirePageSession } from '../middleware/require-page-session.ts'
import type { AdminServices } from './admin.ts'
import { type AccessRulePages, consoleAccessRuleRoutes } from './console-access-rules.ts'
import { consoleAppRoutes } from './console-apps.ts'
import { consoleAuditRoutes } from './console-audit.ts'
import { consoleInvitationRoutes } from './console-invitations.ts'
import { consoleKeyRoutes } from './console-key.ts'
import { consoleKeysRoutes } from './console-keys.ts'
import { consoleNewKeyRoutes } from './console-new-key.ts'
import { consoleOverviewRoutes } from './console-overview.ts'
import { consoleServiceAccountRoutes } from './console-service-accounts.ts'
import { consoleUserRoutes } from './console-user.ts'
import { consoleUserListRoutes } from './console-users.ts'

/** What every part of the console is given. */
export interface ConsoleDependencies {
  readonly storage: Storage
  readonly forms: Forms
  readonly makeFrame: MakeFrame
  /** Those by which people sign in. */
  readonly providers: readonly { readonly id: string; readonly label: string }[]
  readonly baseUrl: string
  readonly now: () => Date
}

/** The console: pages for admins, which do what they do through the services of the admin API. */
export function consoleRoutes(
  app: Hono<AppEnvironment>,
  dependencies: Omit<ConsoleDependencies, 'makeFrame' | 'providers'> &
    Omit<AccessRulePages, 'signUp'> & {
      config: Config
      admin: AdminServices
      assets: Parameters<typeof createMakeFrame>[0]['assets']
      readSession: ReadSession
      recordRefusal: RecordRefusal
    },
): void {
  const { config, admin, readSession, recordRefusal } = dependencies
  const { providers } = config
  app.use('/console/*', refusePlainHttp(config.authBaseUrl))
  app.use('/console/*', refuseCredentials())
  app.use(
    '/console/*',
    requirePageSession({ readSession, canSignIn: providers.length > 0, recordRefusal, isForAdmins: true }),
  )
  const shared = {
    ...dependencies,
    ...admin,
    providers,
    signUp: config.signUp,
    unknownHost: config.unknownHost,
    idleSecondsMax: config.sessionIdle,
    makeFrame: createMakeFrame(dependencies),
  }
  consoleOverviewRoutes(app, shared)
  consoleInvitationRoutes(app, shared)
  consoleUserListRoutes(app, shared)
  consoleUserRoutes(app, shared)
  consoleServiceAccountRoutes(app, shared)
  consoleKeysRoutes(app, shared)
  consoleNewKeyRoutes(app, shared)
  // After those: `new` and `revoke` are no ids.
  consoleKeyRoutes(app, shared)
  consoleAccessRuleRoutes(app, shared)
  consoleAppRoutes(app, shared)
  consoleAuditRoutes(app, shared)
}
