import type { CookieJar } from './browser-like.ts'
import { type FormFields, formRequest, tokenOf } from './page-forms.ts'

/** The token of the forms on a page that this browser opens. */
export async function tokenOn(jar: Pick<CookieJar, 'fetch'>, path = '/account/keys/new'): Promise<string> {
  return tokenOf(await (await jar.fetch(path, { headers: { accept: 'text/html' } })).text())
}

/** Sends a form as a page of the account would, with its token. */
export async function sendForm(
  jar: Pick<CookieJar, 'fetch'>,
  path: string,
  fields: FormFields = {},
  headers: Record<string, string> = {},
): Promise<Response> {
  return jar.fetch(path, formRequest({ csrf_token: await tokenOn(jar), ...fields }, headers))
}

/** Fields of the form that makes a key, filled in; a new `once` each time. */
export function keyFields(change: FormFields = {}): FormFields {
  return { once: newOnce(), name: 'nightly export', lifetime: '90', ...change }
}

let counter = 0
/** A name that no form has had yet. */
export function newOnce(): string {
  counter += 1
  return `once${String(counter).padStart(16, '0')}`
}
