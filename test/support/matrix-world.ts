import { openStorage, type Storage } from '../../src/storage/storage.ts'
import { identityRow, keyRow, userRow } from '../storage/engines.ts'
import type { TestGateway } from './gateway.ts'
import { json } from './json.ts'
import type { Caller, Makers } from './matrix-doors.ts'
import { negativeSettings } from './negative-context.ts'
import { startSignInGateway } from './sign-in.ts'
import { signInForSession } from './signed-in.ts'

/** Somebody as a caller of the matrix. */
export interface MatrixCaller {
  readonly headers: Readonly<Record<string, string>>
  /** The field of a form of theirs; what anybody could write where there is none. */
  readonly token: string
  /** Whose objects are their own; null where nobody's are. */
  readonly userId: string | null
}

export interface MatrixWorld {
  readonly gateway: TestGateway
  /** A caller; who is leaving, and has a session, has one that is of nobody else. */
  caller(name: Caller, isLeaving?: boolean): Promise<MatrixCaller>
  readonly make: Makers
  /** Owns what is nobody's who asks. */
  readonly strangerId: string
  close(): Promise<void>
}

const emails = { member: 'alice@example.com', admin: 'ada@example.com' } as const

/** For who signs out everywhere: the others stay signed in. */
const leaverEmail = 'otto@elsewhere.test'

/** A gateway with a member, an admin, a key of each, and a stranger. */
export async function startMatrixWorld(): Promise<MatrixWorld> {
  const signIn = await startSignInGateway({ ...negativeSettings, SELF_SERVICE_SCOPES: 'orders:read' })
  const { gateway } = signIn
  const storage = await openStorage(gateway.database.url)
  const make = createMakers(storage)
  const sessions = { member: await session(emails.member), admin: await session(emails.admin) }
  const keys = { member: await keyOf('member', []), admin: await keyOf('admin', ['keydesk:admin']) }
  const callerOf = (headers: Record<string, string>, userId: string | null) => ({
    headers,
    token: 'x',
    userId,
  })
  const known: Readonly<Record<Caller, MatrixCaller>> = {
    nobody: callerOf({}, null),
    ...sessions,
    'admin key': callerOf({ 'x-api-key': keys.admin }, sessions.admin.userId),
    'member key': callerOf({ 'x-api-key': keys.member }, sessions.member.userId),
    'master key': callerOf({ authorization: `Bearer ${gateway.masterKey}` }, null),
  }
  return {
    gateway,
    make,
    strangerId: await make.user(),
    caller: async (name, isLeaving = false) =>
      isLeaving && known[name].headers.cookie !== undefined ? session(leaverEmail) : known[name],
    close: async () => {
      await storage.close()
      await signIn.close()
    },
  }

  async function session(email: string): Promise<MatrixCaller & { userId: string }> {
    const { secret } = await signInForSession(signIn, email)
    const headers = { cookie: `__Host-keydesk=${secret}`, 'sec-fetch-site': 'same-origin' }
    const state = await json(await gateway.fetch('/auth/session', { headers }))
    const page = await (await gateway.fetch('/account/keys/new', { headers })).text()
    const token = /name="csrf_token" value="([^"]+)"/.exec(page)?.[1]
    if (token === undefined) throw new Error('the page of a new key has no form')
    return { headers, token, userId: state.user.id }
  }

  async function keyOf(name: 'member' | 'admin', scopes: string[]): Promise<string> {
    const answer = await gateway.asAdmin('/admin/keys', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ user_id: sessions[name].userId, name: 'matrix', scopes }),
    })
    return (await json(answer)).key_text
  }
}

function createMakers(storage: Storage): Makers {
  const at = new Date()
  const made = { createdBy: 'master_key', createdAt: at }
  let count = 0
  const next = () => {
    count += 1
    return `x${String(count).padStart(11, '0')}`
  }
  const land = async (list: Parameters<Storage['atomically']>[0]) => {
    if (!(await storage.atomically(list))) throw new Error('an object of the matrix was not made')
  }
  async function user(): Promise<string> {
    const row = userRow({ createdAt: at })
    await land((tx) => [storage.users.insert(tx, row), storage.identities.insert(tx, identityRow(row))])
    return row.id
  }
  return {
    user,
    key: async (ownerId) => {
      const row = keyRow(userRow({ id: ownerId }), { id: next(), createdAt: at })
      await land((tx) => [storage.keys.insert(tx, row)])
      return row.id
    },
    session: async (userId) => {
      const id = `ses_${next()}`
      const times = { createdAt: at, lastSeenAt: at, expiresAt: new Date(at.getTime() + 3_600_000) }
      const secrets = { secretHash: id, appSecretHash: null, address: null, userAgent: null }
      await land((tx) => [
        storage.sessions.insert(tx, { id, userId, provider: 'google', ...secrets, ...times }),
      ])
      return id
    },
    identity: async () => {
      const userId = await user()
      const second = identityRow(userRow({ id: userId }))
      await land((tx) => [storage.identities.insert(tx, second)])
      return { userId, id: second.id }
    },
    invitation: async () => {
      const id = `inv_${next()}`
      const invited = { provider: 'google', email: `${id}@corp.com`, role: 'member' as const, groups: [] }
      const expiresAt = new Date(at.getTime() + 3_600_000)
      await land((tx) => [
        storage.invitations.insert(tx, { id, ...invited, userId: null, ...made, expiresAt }),
      ])
      return id
    },
    rule: async () => {
      const id = `rul_${next()}`
      // A denial, so that it is not the first rule that lets somebody in, after which nobody else may come.
      const rule = { kind: 'deny_email' as const, provider: 'google', value: `${id}@corp.com`, note: null }
      await land((tx) => [storage.accessRules.insert(tx, { id, ...rule, ...made })])
      return id
    },
    app: async () => {
      const id = `app_${next()}`
      const asked = { pathPrefixes: [], groups: [], roles: [], scopes: [], methods: ['session' as const] }
      const said = { host: `${id.replace('_', '-')}.corp.com`, ...asked, note: null }
      await land((tx) => [storage.apps.insert(tx, { id, ...said, version: 1, ...made, updatedAt: at })])
      return id
    },
  }
}
