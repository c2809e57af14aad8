import type { Hono } from 'hono'
import { z } from 'zod'
import { listOwnKeys } from '../../services/list-own-keys.ts'
import { listSessions } from '../../services/list-sessions.ts'
import type { AppEnvironment } from '../environment.ts'
import { readQuery } from '../read-query.ts'
import { toOwnersWireKey } from '../wire/own-key.ts'
import { toWireSession } from '../wire/session.ts'
import { toWireIdentity } from '../wire/user.ts'
import type { AccountDependencies } from './account.ts'

/** What Keydesk knows about whoever is signed in, as a file to keep. */
export function accountDataRoutes(
  app: Hono<AppEnvironment>,
  { storage, config, now }: Pick<AccountDependencies, 'storage' | 'config' | 'now'>,
): void {
  app.get('/account/data.json', async (c) => {
    readQuery(c, z.strictObject({}))
    const { user, identities } = c.get('session')
    const at = now()
    const { keys, isCut } = await listOwnKeys(storage, user.id, at)
    const sessions = await listSessions(storage, user.id, { idleSecondsMax: config.sessionIdle, now: at })
    c.header('Content-Disposition', 'attachment; filename="keydesk-data.json"')
    return c.json({
      made_at: at.toISOString(),
      user: {
        id: user.id,
        name: user.name,
        email: user.email,
        picture: user.picture,
        role: user.role,
        groups: user.groups,
        scope_limit: user.scopeLimit,
        created_at: user.createdAt.toISOString(),
        updated_at: user.updatedAt.toISOString(),
      },
      identities: identities.map(toWireIdentity),
      sessions: sessions.map(toWireSession),
      keys: keys.map((key) => toOwnersWireKey({ key, owner: user, responsible: null }, at)),
      has_more_keys: isCut,
    })
  })
}
