import { type AdminScope, wholeAdminScope } from '../domain/scopes.ts'

/** Which scope a key needs for a request to the admin API. What is in no line of this needs the whole one. */
export function adminScopeFor(method: string, path: string): AdminScope | typeof wholeAdminScope {
  const isRead = method === 'GET' || method === 'HEAD'
  if (/^\/admin\/keys(\/|$)/.test(path)) {
    if (isRead) return 'keydesk:keys.read'
    const isRevocation =
      method === 'DELETE' || (method === 'POST' && /^\/admin\/keys\/(revoke|[^/]+\/retire)$/.test(path))
    return isRevocation ? 'keydesk:keys.revoke' : 'keydesk:keys.mint'
  }
  if (/^\/admin\/audit(\/|$)/.test(path) && isRead) return 'keydesk:audit.read'
  if (/^\/admin\/(users|service-accounts|invitations|access-rules|sessions)(\/|$)/.test(path))
    return isRead ? 'keydesk:users.read' : 'keydesk:users.write'
  // Who may reach an app is read with who may come in; to change it is to open doors that are not of Keydesk.
  if (/^\/admin\/apps(\/|$)/.test(path) && isRead) return 'keydesk:users.read'
  return wholeAdminScope
}
