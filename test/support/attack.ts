import { expect } from 'vitest'
import { type CookieJar, createCookieJar, pathOf } from './browser-like.ts'
import { startGateway, type TestGateway } from './gateway.ts'
import { json } from './json.ts'
import { signInSettings, testClient } from './sign-in.ts'
import { authorizeAt, startWrongIssuer, type WrongIssuer } from './wrong-issuer.ts'

/** A gateway that signs in at a wrong issuer of its own. */
export interface Attacked {
  readonly gateway: TestGateway
  readonly wrong: WrongIssuer
  close(): Promise<void>
}

export async function startAttackedGateway(
  settings: Record<string, string> = {},
  options: { now?: () => Date } = {},
): Promise<Attacked> {
  const wrong = await startWrongIssuer(testClient)
  const starting = startGateway({ ...signInSettings(wrong.issuer), ...settings }, options)
  // An issuer that nobody closes would keep the test process alive.
  starting.catch(() => wrong.close())
  const gateway = await starting
  return {
    gateway,
    wrong,
    close: async () => {
      await gateway.close()
      await wrong.close()
    },
  }
}

/** A sign-in that has been begun: the browser, where it was sent, and the cookie that binds it. */
export interface Begun {
  readonly jar: CookieJar
  readonly location: URL
  readonly state: string
  readonly cookie: { readonly name: string; readonly value: string }
}

export async function begin(
  { gateway }: Pick<Attacked, 'gateway'>,
  jar = createCookieJar(gateway),
): Promise<Begun> {
  const response = await jar.fetch('/auth/login')
  const location = response.headers.get('location')
  if (location === null) throw new Error(`login answered ${response.status}: ${await response.text()}`)
  await response.body?.cancel()
  const state = new URL(location).searchParams.get('state') ?? ''
  const setNow = response.headers.getSetCookie().find((line) => !/max-age=0/i.test(line)) ?? ''
  const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(setNow) ?? []
  return { jar, location: new URL(location), state, cookie: { name, value } }
}

/** Lets the issuer answer, and tells where it sends the browser: path and query. */
export async function callbackOf(begun: Pick<Begun, 'location'>): Promise<string> {
  return pathOf(await authorizeAt(begun.location.href))
}

/** The callback with other parameters; null takes one away. */
export function changed(path: string, parameters: Record<string, string | null>): string {
  const url = new URL(path, 'http://localhost')
  for (const [name, value] of Object.entries(parameters)) {
    if (value === null) url.searchParams.delete(name)
    else url.searchParams.set(name, value)
  }
  return url.pathname + url.search
}

/** Signs in whom the issuer knows, from `/auth/login` to the answer of the callback. */
export async function signInWrong(context: Attacked, headers: HeaderRecord = {}): Promise<Response> {
  const begun = await begin(context)
  return begun.jar.fetch(await callbackOf(begun), { headers })
}

type HeaderRecord = Record<string, string>

/** Every user and every key, as the admin API tells of them. */
export async function inventory({
  gateway,
}: Pick<Attacked, 'gateway'>): Promise<{ users: any[]; keys: any[] }> {
  const users = await json(await gateway.asAdmin('/admin/users?limit=200'))
  const keys = await json(await gateway.asAdmin('/admin/keys?status=all&limit=200'))
  return { users: users.data, keys: keys.data }
}

/** The audit trail, newest first. */
export async function auditOf({ gateway }: Pick<Attacked, 'gateway'>, action: string): Promise<any[]> {
  return (await json(await gateway.asAdmin(`/admin/audit?limit=200&action=${action}`))).data
}

let addresses = 0
/** An address (RFC 2544) that nobody has called from yet, so that no refusal is left out as one too many. */
export function freshAddress(): string {
  addresses += 1
  return `198.18.${addresses >> 8}.${addresses & 255}`
}

/**
 * Holds that what `attempt` does is refused as expected, that the audit trail says why, and that no user and no key was
 * made or changed. Answers the problem document.
 */
export async function expectRefused(
  context: Attacked,
  expected: { status: number; code: string; reason: string },
  attempt: (headers: HeaderRecord) => Promise<Response>,
): Promise<{ response: Response; problem: any; event: any }> {
  const before = await inventory(context)
  const address = freshAddress()
  const response = await attempt({ 'x-forwarded-for': address, accept: 'application/json' })
  const problem = await json(response)
  expect({ status: response.status, code: problem.code }).toEqual({
    status: expected.status,
    code: expected.code,
  })
  const events = (await auditOf(context, 'sign_in.refused')).filter(
    (event) => event.details.address === address,
  )
  expect(events.map((event) => event.facts.reason)).toEqual([expected.reason])
  expect(await inventory(context)).toEqual(before)
  return { response, problem, event: events[0] }
}
