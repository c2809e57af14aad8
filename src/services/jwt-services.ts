import type { CheckJwt } from './check-jwt.ts'
import type { IssueToken } from './issue-token.ts'
import type { ProxyJwt } from './proxy-jwt.ts'
import type { RotateSigningKey } from './rotate-signing-key.ts'
import type { SignJwt } from './sign-jwt.ts'
import type { SigningKeys } from './signing-keys.ts'

/** The JWTs that Keydesk makes and takes, and the keys that sign them. */
export interface JwtServices {
  readonly signJwt: SignJwt
  readonly issueToken: IssueToken
  readonly proxyJwt: ProxyJwt
  readonly checkJwt: CheckJwt
  readonly signingKeys: SigningKeys
  readonly rotateSigningKey: RotateSigningKey
}
