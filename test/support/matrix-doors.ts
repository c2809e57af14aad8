import type { RouteEntry } from './negative-contract.ts'

/** Whoever may ask: without anything, with a session, with a key, with the master key. */
export const callers = ['nobody', 'member', 'admin', 'admin key', 'member key', 'master key'] as const
export type Caller = (typeof callers)[number]

/** A status, and behind it the code of a refusal or where the answer leads to. */
type Answer = string
export type Answers = Readonly<Record<Caller, Answer>>

/** Objects of the routes of the matrix, each made for one request. */
export interface Makers {
  key(ownerId: string): Promise<string>
  session(ownerId: string): Promise<string>
  user(): Promise<string>
  /** A user with two identities, and one of them. */
  identity(): Promise<{ userId: string; id: string }>
  invitation(): Promise<string>
  rule(): Promise<string>
  app(): Promise<string>
}

/** What a route of the matrix answers to whom. */
export interface MatrixEntry {
  /** As it is registered: `GET /admin/keys/:id`. */
  readonly route: string
  /** The path of the request; of a route with an object that of the object. */
  path(make: Makers, ownerId: string): string | Promise<string>
  /** The path of an object that is not there; undefined where there is no object in the path. */
  readonly nothing?: string
  readonly answers: Answers
  /** What a proxy says of the request that it asks about. */
  readonly told?: Readonly<Record<string, string>>
  /** Objects belong to somebody: what is another's is answered like this to whom their own is given. */
  readonly anothers?: Answer
  /** A body, in which `#` is another number each time. */
  readonly json?: unknown
  readonly form?: Readonly<Record<string, string>>
  /** It ends the session of whoever asks: each asks with a fresh one. */
  readonly endsSession?: boolean
}

const unauthenticated = '401 unauthenticated'
const toSignIn = '303 /auth/login'

export const openToAll = (ok: Answer): Answers => ({
  nobody: ok,
  member: ok,
  admin: ok,
  'admin key': ok,
  'member key': ok,
  'master key': ok,
})

export const forAdmins = (ok: Answer): Answers => ({
  nobody: unauthenticated,
  member: '403 forbidden',
  admin: ok,
  'admin key': ok,
  'member key': '403 insufficient_scope',
  'master key': ok,
})

/** A page of whoever is signed in, or a form of one: a session, and no key, which is told so. */
export const forSignedIn = (isForm: boolean, ok: Answer): Answers => ({
  ...openToAll(unauthenticated),
  nobody: isForm ? unauthenticated : toSignIn,
  member: ok,
  admin: ok,
})

/** A page of the console, or a form of one: the same, and the session has to be an admin's. */
export const forConsole = (isForm: boolean, ok: Answer): Answers => ({
  ...forSignedIn(isForm, ok),
  member: '403 forbidden',
})

const forKeys = (ok: Answer): Answers => ({
  nobody: '401 missing_key',
  member: '401 missing_key',
  admin: '401 missing_key',
  'admin key': ok,
  'member key': ok,
  'master key': '401 invalid_key',
})

/** What the negative suite says of a route says who comes in by which door. */
export function answersOf(entry: RouteEntry): Answers {
  const ok = answerOf(entry)
  switch (entry.credential) {
    case 'none':
      return openToAll(ok)
    case 'master':
      return forAdmins(ok)
    case 'key':
      return forKeys(ok)
    case 'session':
      return { ...openToAll(unauthenticated), member: ok, admin: ok }
    case 'metrics':
      return openToAll(unauthenticated)
  }
}

function answerOf({ route, status }: RouteEntry): Answer {
  if (status === 400) return route === 'GET /auth/callback' ? '400 state_invalid' : '400 invalid_request'
  return status === 404 ? '404 not_found' : String(status)
}
