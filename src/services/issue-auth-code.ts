import { authCodeHash, newAuthCode } from '../domain/auth-code.ts'
import type { Storage } from '../storage/storage.ts'

/** Seconds from the redirect that carries a code to the request that exchanges it. */
export const authCodeSecondsMax = 60

export type IssueAuthCode = ReturnType<typeof createIssueAuthCode>

/** Makes the one-time code with which an app at another origin gets a JWT of a session. Only its hash is stored. */
export function createIssueAuthCode(dependencies: { storage: Storage; now: () => Date }) {
  const { storage, now } = dependencies

  return async function issueAuthCode(issued: {
    sessionId: string
    /** Of the app: it alone may exchange the code, and the JWT is for it. */
    origin: string
    codeChallenge: string
  }): Promise<string> {
    const code = newAuthCode()
    const codeHash = authCodeHash(code)
    if (codeHash === null) throw new Error('a new code has the wrong form')
    const at = now()
    const expiresAt = new Date(at.getTime() + authCodeSecondsMax * 1000)
    await storage.atomicallyUnnoticed((tx) => [
      storage.authCodes.prune(tx, at),
      storage.authCodes.insert(tx, { codeHash, ...issued, expiresAt }),
    ])
    return code
  }
}
