import { createCookieJar, pathOf } from './browser-like.ts'
import type { TestGateway } from './gateway.ts'
import { subjectOf } from './sign-in.ts'
import { type StandInProvider, signInAtProvider } from './stand-in-provider.ts'

type Door = Pick<TestGateway, 'fetch'>

/** A browser that has been at the provider, and is about to be sent back. */
export interface SentBack {
  /** Path and query of the callback. */
  readonly path: string
  /** Goes there, at this replica, with the cookies that the browser has kept. They stay as they are. */
  at(door: Door): Promise<Response>
}

/** Begins a sign-in at one replica and goes as far as the provider's answer. */
export async function beginSignInAt(door: Door, standIn: StandInProvider, email: string): Promise<SentBack> {
  const jar = createCookieJar(door)
  const login = await jar.fetch('/auth/login')
  const location = login.headers.get('location')
  if (location === null) throw new Error(`login answered ${login.status}: ${await login.text()}`)
  const path = pathOf(await signInAtProvider(location, subjectOf(standIn, email)))
  const cookie = [...jar.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
  return { path, at: (other) => other.fetch(path, { headers: { cookie, accept: 'text/html' } }) }
}
