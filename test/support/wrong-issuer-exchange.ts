import { createHash } from 'node:crypto'
import type { Answer } from './wrong-issuer-answers.ts'
import { hostileText } from './wrong-issuer-answers.ts'

/**
 * Why the token request does not fit the authorization request behind its code, or undefined when it does:
 * RFC 6749 section 4.1.3 and RFC 7636 section 4.6.
 */
export function exchangeProblem(
  asked: URLSearchParams | undefined,
  sent: URLSearchParams,
): string | undefined {
  if (!asked) return 'unknown or used code'
  if (sent.get('grant_type') !== 'authorization_code') return 'wrong grant_type'
  if (sent.get('redirect_uri') !== asked.get('redirect_uri')) return 'wrong redirect_uri'
  if (asked.get('code_challenge_method') !== 'S256') return 'no S256 challenge was sent'
  const verifier = sent.get('code_verifier') ?? ''
  if (!/^[A-Za-z0-9._~-]{43,128}$/.test(verifier)) return 'malformed code_verifier'
  const challenge = createHash('sha256').update(verifier).digest('base64url')
  return challenge === asked.get('code_challenge') ? undefined : 'wrong code_verifier'
}

/** Whether the request proves to be the client's, in the header or in the body, but not in both. */
export function isClient(
  client: { clientId: string; clientSecret: string },
  authorization: string | undefined,
  parameters: URLSearchParams,
): boolean {
  if (authorization === undefined) {
    return (
      parameters.get('client_id') === client.clientId &&
      parameters.get('client_secret') === client.clientSecret
    )
  }
  const [, encoded = ''] = /^Basic (.+)$/i.exec(authorization) ?? []
  const [id = '', secret = ''] = Buffer.from(encoded, 'base64').toString().split(':').map(formDecoded)
  return !parameters.has('client_secret') && id === client.clientId && secret === client.clientSecret
}

/** An OAuth error answer; its description is hostile unless given. */
export function refusal(status: number, error: string, description = hostileText): Answer {
  return { status, body: { error, error_description: description } }
}

function formDecoded(text: string): string {
  return decodeURIComponent(text.replaceAll('+', ' '))
}
