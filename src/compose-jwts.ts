import type { Config } from './config.ts'
import { createCheckJwt } from './services/check-jwt.ts'
import type { FindSession } from './services/find-session.ts'
import { createIssueToken } from './services/issue-token.ts'
import type { JudgeKeyUse } from './services/judge-key-use.ts'
import { createKeepSigningKeys } from './services/keep-signing-keys.ts'
import { createMakeSigningKey } from './services/make-signing-key.ts'
import { createProxyJwt } from './services/proxy-jwt.ts'
import { createRotateSigningKey } from './services/rotate-signing-key.ts'
import { createSignJwt } from './services/sign-jwt.ts'
import { createSigningKeys } from './services/signing-keys.ts'
import { createUseLiveKey } from './services/use-live-key.ts'
import { createVerifyJwtSignature } from './services/verify-jwt-signature.ts'
import type { Storage } from './storage/storage.ts'

/** After its successor was made a key is accepted for the life of a JWT, and for what clocks may differ. */
const clockSkewSeconds = 60

/** The JWTs that Keydesk makes and takes, and the keys that sign them. */
export function composeJwts(parts: {
  config: Config
  storage: Storage
  wrapKey: Uint8Array
  previousWrapKey: Uint8Array | null
  judgeKeyUse: JudgeKeyUse
  findSession: FindSession
  now: () => Date
}) {
  const { config, now } = parts
  const { jwtAlg: alg, jwtTtl: ttlSeconds, authBaseUrl: issuer } = config
  const signingKeys = createSigningKeys({ ...parts, alg, acceptedSeconds: ttlSeconds + clockSkewSeconds })
  const makeSigningKey = createMakeSigningKey({ ...parts, alg })
  const signJwt = createSignJwt({ signingKeys, issuer, ttlSeconds, now })
  const kept = { ...parts, signingKeys, makeSigningKey, ageSecondsMax: config.jwtKeyAgeMax }
  return {
    signingKeys,
    signJwt,
    issueToken: createIssueToken({ signJwt, audiences: config.jwtAudiences }),
    proxyJwt: createProxyJwt({ signJwt, now }),
    checkJwt: createCheckJwt({
      ...parts,
      signingKeys,
      verifyJwtSignature: createVerifyJwtSignature({ signingKeys }),
      useLiveKey: createUseLiveKey({ ...parts, recordsMax: config.verifiedKeysMax }),
      issuer,
    }),
    keepSigningKeys: createKeepSigningKeys(kept),
    rotateSigningKey: createRotateSigningKey(kept),
  }
}
