import { equalInConstantTime, sha256 } from './constant-time.ts'

/** Whether a text is a challenge of PKCE by S256 (RFC 7636 §4.2): 32 bytes in base64url, in their one spelling. */
export function isCodeChallenge(text: string): boolean {
  return /^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/.test(text)
}

/** Whether a text is a verifier of PKCE (RFC 7636 §4.1). */
export function isCodeVerifier(text: string): boolean {
  return /^[A-Za-z0-9._~-]{43,128}$/.test(text)
}

/** Whether a challenge was made of this verifier. It takes as long for a wrong one as for the right one. */
export function meetsChallenge(codeVerifier: string, codeChallenge: string): boolean {
  return (
    isCodeVerifier(codeVerifier) && equalInConstantTime(sha256(codeVerifier), challengeBytes(codeChallenge))
  )
}

function challengeBytes(codeChallenge: string): Buffer {
  return Buffer.from(codeChallenge, 'base64url')
}
