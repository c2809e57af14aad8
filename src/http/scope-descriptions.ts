import { type AdminScope, introspectScope, needsAdminOwner, wholeAdminScope } from '../domain/scopes.ts'

const texts: Record<AdminScope | typeof wholeAdminScope | typeof introspectScope, string> = {
  [wholeAdminScope]: 'Everything that an administrator may do, keys for others among it.',
  'keydesk:users.read': 'Reads users, service accounts, invitations, access rules, apps and sessions.',
  'keydesk:users.write': 'Changes users, service accounts, invitations, access rules and sessions.',
  'keydesk:keys.read': 'Reads all keys and how they are used, but no key text.',
  'keydesk:keys.mint': 'Makes, changes and rotates keys.',
  'keydesk:keys.revoke': 'Revokes and retires keys.',
  'keydesk:audit.read': 'Reads the audit trail.',
  [introspectScope]: 'Lets a service ask about the keys of others. Works on any key.',
}

/** The scopes that give rights on Keydesk itself: what each opens, and whether its owner has to be an admin. */
export const scopeDescriptions = Object.entries(texts).map(([scope, opens]) => ({
  scope,
  opens,
  isForAdmins: needsAdminOwner(scope),
}))
