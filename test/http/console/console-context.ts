import type { CookieJar } from '../../support/browser-like.ts'
import { formRequest, plain, tokenOf } from '../../support/page-forms.ts'
import { type PeopleContext, person, startPeople } from '../admin/people-context.ts'

export type Console = Awaited<ReturnType<typeof startConsole>>

/** A gateway with an admin who is signed in, and short ways to look at pages and to send their forms. */
export async function startConsole(
  settings: Record<string, string> = {},
  options: { now?: () => Date } = {},
) {
  const people = await startPeople(
    { ADMIN_EMAILS: 'ada@example.com', ALLOWED_DOMAINS: 'example.com', ...settings },
    options,
  )
  const ada = await people.browserOf(person('ada'))
  return { ...people, ada, adaId: (await people.userOf('ada@example.com')).id as string }
}

/** What a page says, whose status must be this. */
export async function pageAt(jar: CookieJar, path: string, status = 200): Promise<string> {
  const response = await jar.fetch(path, { headers: { accept: 'text/html' } })
  const page = await response.text()
  if (response.status !== status) throw new Error(`${path} answered ${response.status}: ${page}`)
  return page
}

/** Sends a form as a browser does; without a token of its own it takes that of a page. */
export async function sendForm(
  jar: CookieJar,
  path: string,
  fields: Record<string, string>,
  headers: Record<string, string> = {},
): Promise<Response> {
  const csrf_token = fields.csrf_token ?? tokenOf(await pageAt(jar, '/console/invitations'))
  return jar.fetch(path, formRequest({ ...fields, csrf_token }, headers))
}

/** A member of the company, signed in. */
export function memberOf(context: PeopleContext, name = 'mel'): Promise<CookieJar> {
  return context.browserOf(person(name))
}

/** The text of a page as people read it: without tags, entities read. */
export function textOf(page: string): string {
  const body = page.slice(page.indexOf('<main'))
  return plain(body.replaceAll(/<[^>]*>/g, ' ')).replaceAll(/\s+/g, ' ')
}
