import type { CookieJar } from './browser-like.ts'

/** A name may come more than once. */
export type FormFields = Record<string, string | readonly string[]>

/** The fields of a form on a page, as a browser would send them untouched. @throws Error where there is no such form */
export function formOn(page: string, action: string): FormFields {
  const forms = [...page.matchAll(/<form\b([^>]*)>(.*?)<\/form>/gs)]
  const form = forms.find(([, tag = '']) => attributeOf(tag, 'action') === action)
  if (form === undefined) throw new Error(`no form leads to ${action}: ${page}`)
  const inside = form[2] ?? ''
  const fields: FormFields = {}
  for (const [, tag = ''] of inside.matchAll(/<input\b([^>]*)>/g)) {
    const name = attributeOf(tag, 'name')
    const isOff = attributeOf(tag, 'type') === 'checkbox' && !/\schecked\b/.test(tag)
    if (name === undefined || isOff) continue
    const before = fields[name]
    const value = attributeOf(tag, 'value') ?? ''
    fields[name] = before === undefined ? value : [...[before].flat(), value]
  }
  for (const [, tag = '', text = ''] of inside.matchAll(/<textarea\b([^>]*)>(.*?)<\/textarea>/gs))
    fields[attributeOf(tag, 'name') ?? ''] = plain(text)
  for (const [, tag = '', options = ''] of inside.matchAll(/<select\b([^>]*)>(.*?)<\/select>/gs)) {
    const all = [...options.matchAll(/<option\b([^>]*)>/g)].map(([, option = '']) => option)
    const chosen = all.find((option) => /\sselected\b/.test(option)) ?? all[0] ?? ''
    fields[attributeOf(tag, 'name') ?? ''] = attributeOf(chosen, 'value') ?? ''
  }
  return fields
}

/** The token that the forms of a page carry. @throws Error where there is none */
export function tokenOf(page: string): string {
  const token = /name="csrf_token" value="([^"]+)"/.exec(page)?.[1]
  if (token === undefined) throw new Error(`no form with a token: ${page}`)
  return token
}

/** What a browser sends when somebody sends a form of a page of ours. */
export function formRequest(fields: FormFields, headers: Record<string, string> = {}): RequestInit {
  const body = new URLSearchParams()
  for (const [name, value] of Object.entries(fields)) for (const one of [value].flat()) body.append(name, one)
  return {
    method: 'POST',
    headers: { 'sec-fetch-site': 'same-origin', accept: 'text/html', ...headers },
    body,
  }
}

/** Sends fields as a form of one of our own pages does. */
export function sendForm(
  browser: Pick<CookieJar, 'fetch'>,
  action: string,
  fields: FormFields,
  headers: Record<string, string> = {},
): Promise<Response> {
  return browser.fetch(action, formRequest(fields, headers))
}

/** Opens a page, fills in its form and sends it: what `change` does not name is sent as it stands there. */
export async function fillIn(
  browser: Pick<CookieJar, 'fetch'>,
  path: string,
  action: string,
  change: FormFields = {},
): Promise<Response> {
  const page = await browser.fetch(path, { headers: { accept: 'text/html' } })
  if (page.status !== 200) throw new Error(`${path} answered ${page.status}: ${await page.text()}`)
  return sendForm(browser, action, { ...formOn(await page.text(), action), ...change })
}

function attributeOf(tag: string, name: string): string | undefined {
  const value = new RegExp(`\\s${name}="([^"]*)"`).exec(` ${tag}`)?.[1]
  return value === undefined ? undefined : plain(value)
}

/** Text as it was before it was escaped. */
export function plain(text: string): string {
  return text
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&amp;', '&')
}
