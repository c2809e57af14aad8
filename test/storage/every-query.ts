import type { Step, Writer } from '../../src/storage/query.ts'
import type { Storage } from '../../src/storage/storage.ts'
import { someKeyId as keyId, someSessionId, someUserId as userId } from '../support/many-rows.ts'
import { everyList } from './every-list.ts'
import { everyWrite } from './every-write.ts'

/** A read that is carried out, or the statements of a write, which are only looked at. */
export type Asking = (storage: Storage, tx: Writer) => Promise<unknown> | Step | readonly Step[]

/**
 * One call of every function of the storage, or one for each way in which it can be asked: by the name of the repository
 * and of the function, and behind a colon what is special.
 */
export function everyQuery(now: Date): Readonly<Record<string, Asking>> {
  const daysAgo = (days: number) => new Date(now.getTime() - days * 86_400_000)
  const email = 'person3@example.com'
  return {
    ...everyList(now),
    ...everyWrite(now),
    'users.find': (s) => s.users.find(userId),
    'users.findAll': (s) => s.users.findAll([userId, 'usr_1000004']),
    'users.activePeopleAfter': (s) => s.users.activePeopleAfter(userId, 500),
    'users.serviceAccountsWithoutResponsible': (s) => s.users.serviceAccountsWithoutResponsible(),
    'users.idsAnsweredBy': (s) => s.users.idsAnsweredBy(userId),
    'users.hasOtherAdmin': (s) => s.users.hasOtherAdmin(userId),
    'identities.findWithUser': (s) => s.identities.findWithUser('https://accounts.google.com', 'subject-3'),
    'identities.ofUser': (s) => s.identities.ofUser(userId),
    'identities.lastSignInsOf': (s) => s.identities.lastSignInsOf([userId, 'usr_1000004']),
    'identities.ofUsersBetween': (s) => s.identities.ofUsersBetween(userId, 'usr_1000100'),
    'identities.holdersOf': (s) => s.identities.holdersOf(email),
    'keys.find': (s) => s.keys.find(keyId),
    'keys.findWithOwner': (s) => s.keys.findWithOwner(keyId),
    'keys.exist': (s) => s.keys.exist(),
    'keys.countLiveThrough': (s) => s.keys.countLiveThrough(userId, 'sso', now),
    'keys.countLiveOf': (s) => s.keys.countLiveOf([userId, 'usr_1000004'], now),
    'keys.unrevokedIdsOf': (s) => s.keys.unrevokedIdsOf(userId),
    'keys.namesOf': (s) => s.keys.namesOf([keyId, 'x']),
    'keys.unrevokedAmong': (s) => s.keys.unrevokedAmong([keyId, 'x']),
    'keys.countLive': (s) => s.keys.countLive(now),
    'stoppedKeys.ofUsers': (s) => s.stoppedKeys.ofUsers([userId, 'usr_1000004'], 'x', daysAgo(30)),
    'keys.leftAlone': (s) => s.keys.leftAlone(now, 100),
    'keys.dueToRetire': (s) => s.keys.dueToRetire(now, now, 100),
    'sessions.findBySecret': (s) => s.sessions.findBySecret('hash-3'),
    'sessions.findByAppSecret': (s) => s.sessions.findByAppSecret('hash-3'),
    'sessions.findWithUser': (s) => s.sessions.findWithUser(someSessionId),
    'sessions.ofUser': (s) => s.sessions.ofUser(userId, now, daysAgo(1)),
    'accessRules.all': (s) => s.accessRules.all(),
    'accessRules.find': (s) => s.accessRules.find('rul_3'),
    'accessRules.allowlistCopy': (s) => s.accessRules.allowlistCopy(),
    'apps.all': (s) => s.apps.all(),
    'apps.find': (s) => s.apps.find('app_3'),
    'apps.ofHost': (s) => s.apps.ofHost('app3.example.com'),
    'invitations.findOpen': (s) => s.invitations.findOpen('google', email, now),
    'invitations.anyOpen': (s) => s.invitations.anyOpen('google', now),
    'invitations.find': (s) => s.invitations.find('inv_3'),
    'idempotency.find': (s) => s.idempotency.find('x', daysAgo(1)),
    'authCodes.find': (s) => s.authCodes.find('code-3', now),
    'keyring.all': (s) => s.keyring.all(),
    'audit.emailsOf': (s) => s.audit.emailsOf(userId),
    'audit.bounds': (s) => s.audit.bounds(),
    'auditChain.head': (s) => s.auditChain.head(),
    'auditChain.sealAt': (s) => s.auditChain.sealAt(5000),
    'auditChain.seals': (s) => s.auditChain.seals(5000, 6000, 1000),
    'auditChain.events': (s) => s.auditChain.events(5000, 6000, 1000),
    'auditChain.countAfter': (s) => s.auditChain.countAfter(5000),
    'auditChain.anchor': (s) => s.auditChain.anchor(),
    'usage.neverUsed': (s) => s.usage.neverUsed([keyId, 'x']),
    'usage.refusalsOf': (s) => s.usage.refusalsOf(keyId),
    'deskCounts.statsSince': (s) => s.deskCounts.statsSince(daysAgo(1)),
    'deskCounts.hasKeyStatsBefore': (s) => s.deskCounts.hasKeyStatsBefore(daysAgo(30)),
    'deskCounts.countActive': (s) => s.deskCounts.countActive('person'),
    'deskCounts.expiringKeys': (s) => s.deskCounts.expiringKeys(now, daysAgo(-30), 10),
    'deskCounts.latestRefusals': (s) => s.deskCounts.latestRefusals(10),
    'deskCounts.firstKeyAt': (s) => s.deskCounts.firstKeyAt(),
    'deskCounts.countUnused': (s) => s.deskCounts.countUnused(daysAgo(200), daysAgo(90), now),
  }
}
