/** Who calls, whichever way it was proven. */
export interface Caller {
  readonly userId: string
  readonly method: 'key' | 'jwt'
  readonly email: string | null
  readonly name: string | null
  /** The role of the user, and their groups. */
  readonly roles: readonly string[]
  readonly scopes: readonly string[]
}

/** What the middleware leaves behind: `c.get('caller')`. */
export interface CallerEnvironment {
  Variables: { caller: Caller }
}
