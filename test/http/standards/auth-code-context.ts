import { createHash, randomBytes } from 'node:crypto'
import { type CookieJar, createCookieJar, pathOf } from '../../support/browser-like.ts'
import type { TestGateway } from '../../support/gateway.ts'
import { subjectOf } from '../../support/sign-in.ts'
import { type StandInProvider, signInAtProvider } from '../../support/stand-in-provider.ts'

export const appOrigin = 'https://app.corp.test'
export const codeSettings = {
  RETURN_TO_ORIGINS: `${appOrigin}, https://other.corp.test`,
  CORS_ALLOW_ORIGINS: `${appOrigin}, https://other.corp.test`,
  AUTH_RATE_LIMIT: 'off',
  FAILURE_RATE_LIMIT: 'off',
}

type Door = Pick<TestGateway, 'fetch'>

/** A verifier and its challenge, as an app makes them. */
export function newProof() {
  const verifier = randomBytes(32).toString('base64url')
  return { verifier, challenge: createHash('sha256').update(verifier).digest('base64url') }
}

/** The path at which an app sends a browser to sign in. */
export function loginPath(challenge: string, returnTo = `${appOrigin}/start`): string {
  const search = new URLSearchParams({
    return_to: returnTo,
    code_challenge: challenge,
    code_challenge_method: 'S256',
  })
  return `/auth/login?${search}`
}

/** Signs in for an app, and answers where the browser is sent, with the code. */
export async function codeFor(
  { gateway, standIn }: { gateway: Door; standIn: StandInProvider },
  options: { email?: string; returnTo?: string; jar?: CookieJar } = {},
): Promise<{ location: URL; code: string; verifier: string; jar: CookieJar }> {
  const { email = 'alice@example.com', returnTo, jar = createCookieJar(gateway) } = options
  const { verifier, challenge } = newProof()
  const login = await jar.fetch(loginPath(challenge, returnTo))
  const location = login.headers.get('location')
  if (location === null) throw new Error(`login answered ${login.status}: ${await login.text()}`)
  const back = await jar.fetch(pathOf(await signInAtProvider(location, subjectOf(standIn, email))))
  const place = back.headers.get('location')
  if (back.status !== 303 || place === null) throw new Error(`the callback answered ${back.status}`)
  const going = new URL(place)
  return { location: going, code: going.searchParams.get('auth_code') ?? '', verifier, jar }
}

/** What an app sends for its code. */
export function exchangeAt(
  door: Door,
  { code, verifier, returnTo = `${appOrigin}/start` }: { code: string; verifier: string; returnTo?: string },
  headers: Record<string, string> = {},
): Promise<Response> {
  return door.fetch('/auth/exchange', {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ auth_code: code, code_verifier: verifier, return_to: returnTo }),
  })
}
