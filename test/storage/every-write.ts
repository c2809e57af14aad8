import { someKeyId as keyId, someSessionId, someUserId as userId } from '../support/many-rows.ts'
import { eventRow, identityRow, keyRow, userRow } from './engines.ts'
import type { Asking } from './every-query.ts'

/** Every write of the storage. */
export function everyWrite(now: Date): Record<string, Asking> {
  const user = userRow({ id: userId })
  const row = keyRow(user, { id: keyId })
  const key = { ...row, lastUsedAt: null, requestCount: null, lastAddress: null, lastUserAgent: null }
  const identity = identityRow(user)
  const email = 'person3@example.com'
  const event = eventRow()
  const retirement = { successorId: keyId, rotatedAt: now, quietSeconds: 60, retiresAt: now }
  const wrapped = { id: 'k1', purpose: 'tag', wrapped: 'x', createdAt: now } as const
  const made = { createdBy: 'master_key', createdAt: now }
  const rule = {
    id: 'rul_x',
    kind: 'allow_email',
    provider: 'google',
    value: email,
    note: null,
    ...made,
  } as const
  const asked = { groups: [], roles: [], scopes: [], methods: ['session' as const], note: null }
  const app = {
    id: 'app_3',
    host: 'app3.example.com',
    pathPrefixes: [],
    ...asked,
    version: 1,
    ...made,
    updatedAt: now,
  }
  const invited = { provider: 'google', email, role: 'member' as const, groups: [], userId: null }
  const invitation = { id: 'inv_x', ...invited, ...made, expiresAt: now }
  const copy = {
    id: 'x',
    urlHash: 'x',
    domains: [],
    emails: [],
    etag: null,
    lastModified: null,
    fetchedAt: now,
  }
  const from = { address: null, userAgent: null }
  const secrets = { secretHash: 'x', appSecretHash: null }
  const times = { createdAt: now, lastSeenAt: now, expiresAt: now }
  const session = { id: 'ses_x', userId, provider: 'google', ...secrets, ...from, ...times }
  const ofApp = { origin: 'https://app.test', codeChallenge: 'x' }
  const code = { codeHash: 'x', sessionId: session.id, ...ofApp, expiresAt: now }
  const seal = { seq: 1, eventId: event.id, emailHash: null, originHash: null, keyId: 'k1', seal: 'x' }
  const anchor = { seq: 100, seal: 'x', prunedAt: now, keyId: 'k1', mac: 'x' }
  const use = { keyId, lastUsedAt: now, requestCount: 1, lastAddress: null, lastUserAgent: null }
  const refusal = { id: 'x', keyId, at: now, reason: 'expired_key', ...from }
  return {
    'users.leaveUnanswered': (s, tx) => s.users.leaveUnanswered(tx, userId, now),
    'users.insert': (s, tx) => s.users.insert(tx, user),
    'users.update': (s, tx) => s.users.update(tx, user),
    'users.erase': (s, tx) => s.users.erase(tx, user, now),
    'users.requireOtherAdmin': (s, tx) => s.users.requireOtherAdmin(tx, userId),
    'users.updateProfile': (s, tx) => s.users.updateProfile(tx, user),
    'users.requireActive': (s, tx) => s.users.requireActive(tx, userId),
    'users.requireAdmin': (s, tx) => s.users.requireAdmin(tx, userId),
    'users.requireEmailFree': (s, tx) => s.users.requireEmailFree(tx, userId, email),
    'users.requireIdentitiesBelow': (s, tx) => s.users.requireIdentitiesBelow(tx, userId, 3),
    'users.requireKeysBelow': (s, tx) => s.users.requireKeysBelow(tx, userId, 'sso', 3, now),
    'identities.insert': (s, tx) => s.identities.insert(tx, identity),
    'identities.updateSeen': (s, tx) => s.identities.updateSeen(tx, identity),
    'identities.removeIfNotLast': (s, tx) => s.identities.removeIfNotLast(tx, identity),
    'identities.removeOfUser': (s, tx) => s.identities.removeOfUser(tx, userId),
    'identities.updateLastSignIn': (s, tx) => s.identities.updateLastSignIn(tx, identity),
    'keys.insert': (s, tx) => s.keys.insert(tx, row),
    'keys.requireAdminKey': (s, tx) => s.keys.requireAdminKey(tx, keyId, now),
    'keys.revokeOfUser': (s, tx) => s.keys.revokeOfUser(tx, userId, now),
    'keys.revoke': (s, tx) => s.keys.revoke(tx, keyId, now),
    'keys.revokeAll': (s, tx) => s.keys.revokeAll(tx, [keyId, 'x'], now, null),
    'keys.update': (s, tx) => s.keys.update(tx, key),
    'keys.beginRetirement': (s, tx) => s.keys.beginRetirement(tx, row, retirement),
    'keys.handOver': (s, tx) => s.keys.handOver(tx, row, keyId),
    'keys.endRetirement': (s, tx) => s.keys.endRetirement(tx, row),
    'keys.revokeAsRead': (s, tx) => s.keys.revokeAsRead(tx, row, now, null),
    'keys.requireLive': (s, tx) => s.keys.requireLive(tx, keyId, now),
    'sessions.insert': (s, tx) => s.sessions.insert(tx, session),
    'sessions.endAllBut': (s, tx) => s.sessions.endAllBut(tx, userId, 10),
    'sessions.touch': (s, tx) => s.sessions.touch(tx, someSessionId, now),
    'sessions.require': (s, tx) => s.sessions.require(tx, someSessionId),
    'sessions.end': (s, tx) => s.sessions.end(tx, someSessionId),
    'sessions.endOneOf': (s, tx) => s.sessions.endOneOf(tx, userId, someSessionId),
    'sessions.endOfUser': (s, tx) => s.sessions.endOfUser(tx, userId),
    'sessions.endAll': (s, tx) => s.sessions.endAll(tx),
    'sessions.prune': (s, tx) => s.sessions.prune(tx, now),
    'accessRules.insert': (s, tx) => s.accessRules.insert(tx, rule),
    'accessRules.insertOnce': (s, tx) => s.accessRules.insertOnce(tx, rule),
    'accessRules.remove': (s, tx) => s.accessRules.remove(tx, 'rul_3'),
    'accessRules.keepAllowlistCopy': (s, tx) => s.accessRules.keepAllowlistCopy(tx, copy),
    'accessRules.confirmAllowlistCopy': (s, tx) => s.accessRules.confirmAllowlistCopy(tx, copy, now),
    'apps.insert': (s, tx) => s.apps.insert(tx, app),
    'apps.update': (s, tx) => s.apps.update(tx, app),
    'apps.remove': (s, tx) => s.apps.remove(tx, app),
    'apps.requireOfHost': (s, tx) => s.apps.requireOfHost(tx, app.host),
    'invitations.insert': (s, tx) => s.invitations.insert(tx, invitation),
    'invitations.prune': (s, tx) => s.invitations.prune(tx, now),
    'invitations.removeExpired': (s, tx) => s.invitations.removeExpired(tx, 'google', email, now),
    'invitations.take': (s, tx) => s.invitations.take(tx, 'inv_3', now),
    'invitations.removeOf': (s, tx) => s.invitations.removeOf(tx, userId, [email]),
    'invitations.remove': (s, tx) => s.invitations.remove(tx, 'inv_3'),
    'attempts.use': (s, tx) => s.attempts.use(tx, 'x', now),
    'attempts.prune': (s, tx) => s.attempts.prune(tx, now),
    'authCodes.insert': (s, tx) => s.authCodes.insert(tx, code),
    'authCodes.take': (s, tx) => s.authCodes.take(tx, 'code-3', now),
    'authCodes.prune': (s, tx) => s.authCodes.prune(tx, now),
    'idempotency.insert': (s, tx) =>
      s.idempotency.insert(tx, { id: 'x', bodyHash: 'x', keyId, createdAt: now }),
    'idempotency.prune': (s, tx) => s.idempotency.prune(tx, now),
    'keyring.insert': (s, tx) => s.keyring.insert(tx, wrapped),
    'keyring.remove': (s, tx) => s.keyring.remove(tx, 'k1'),
    'keyring.rewrap': (s, tx) => s.keyring.rewrap(tx, wrapped, 'y'),
    'audit.record': (s, tx) => s.audit.record(tx, event),
    'audit.recordMany': (s, tx) => s.audit.recordMany(tx, [event]),
    'audit.recordOnce': (s, tx) => s.audit.recordOnce(tx, event),
    'audit.forgetOriginsOfErased': (s, tx) => s.audit.forgetOriginsOfErased(tx, ['evt_1', 'evt_2']),
    'audit.eraseDetails': (s, tx) => s.audit.eraseDetails(tx, userId, [email]),
    'auditChain.extend': (s, tx) => s.auditChain.extend(tx, 1, [seal]),
    'auditChain.addSalts': (s, tx) => s.auditChain.addSalts(tx, 'evt_1', { email: 'x', origin: 'y' }),
    'auditChain.prune': (s, tx) => s.auditChain.prune(tx, anchor, anchor),
    'usage.addUses': (s, tx) => s.usage.addUses(tx, [use]),
    'usage.forgetOriginsOfErased': (s, tx) => s.usage.forgetOriginsOfErased(tx, [keyId, 'x']),
    'usage.addStats': (s, tx) => s.usage.addStats(tx, [{ keyId, hour: now, outcome: 'valid', count: 1 }]),
    'usage.addRefusals': (s, tx) => s.usage.addRefusals(tx, [refusal]),
    'usage.eraseOrigins': (s, tx) => s.usage.eraseOrigins(tx, userId),
    'usage.pruneRefusals': (s, tx) => s.usage.pruneRefusals(tx, [keyId, 'x']),
    'deskCounts.addStats': (s, tx) => s.deskCounts.addStats(tx, [{ hour: now, outcome: 'valid', count: 1 }]),
    'deskCounts.forgetKeyStats': (s, tx) => s.deskCounts.forgetKeyStats(tx, now),
    'deskCounts.forgetStats': (s, tx) => s.deskCounts.forgetStats(tx, now),
  }
}
