import { expect } from 'vitest'
import type { CookieJar } from '../../support/browser-like.ts'
import { stateOf } from '../../support/negative-contract.ts'
import { formRequest, tokenOf } from '../../support/page-forms.ts'
import { person, startPeople } from '../admin/people-context.ts'

export type UsersContext = Awaited<ReturnType<typeof startConsoleOfUsers>>
type Fields = Record<string, string>

/** It always has a form. */
const formsPage = '/console/service-accounts'

/** A desk with an admin at the console, and short ways to its pages and forms. */
export async function startConsoleOfUsers(settings: Record<string, string> = {}) {
  const context = await startPeople({ ADMIN_EMAILS: 'boss@example.com,deputy@example.com', ...settings })
  const boss = await context.browserOf(person('boss'))
  const bossId: string = (await context.userOf('boss@example.com')).id

  async function page(path: string, jar: CookieJar = boss): Promise<string> {
    const response = await jar.fetch(path)
    const text = await response.text()
    if (response.status !== 200) throw new Error(`${path} answered ${response.status}: ${text}`)
    return text
  }

  /** Sends a form with the token of a page of whoever sends it. */
  async function submit(
    path: string,
    fields: Fields,
    { jar = boss, token }: { jar?: CookieJar; token?: string } = {},
  ): Promise<Response> {
    const csrf_token = token ?? tokenOf(await page(formsPage, jar))
    return jar.fetch(path, formRequest({ csrf_token, ...fields }))
  }

  /** Holds that a form does nothing: the status, and words that its page says. */
  async function expectNothing(
    expected: { status: number; says?: string },
    path: string,
    fields: Fields,
    options: { jar?: CookieJar; token?: string } = {},
  ): Promise<string> {
    const token = options.token ?? tokenOf(await page(formsPage, options.jar))
    const before = await stateOf(context.gateway)
    const response = await submit(path, fields, { ...options, token })
    const text = await response.text()
    expect(response.status, `${path} ${JSON.stringify(fields)}: ${text.slice(-800)}`).toBe(expected.status)
    expect(text).toContain(expected.says ?? '')
    expect(await stateOf(context.gateway)).toEqual(before)
    return text
  }

  return {
    ...context,
    boss,
    bossId,
    page,
    submit,
    expectNothing,
    user: (id: string) => context.get(`/admin/users/${id}`),
    /** Somebody who has a key and a session. */
    newcomer: async (name: string) => {
      const key = await context.keyOf(person(name))
      const jar = await context.browserOf(person(name))
      const { id } = await context.userOf(`${name}@example.com`)
      return { id: id as string, key, jar, path: `/console/users/${id}` }
    },
    /** Where a form that was done leads to. */
    leadsTo: async (path: string, fields: Fields, jar?: CookieJar): Promise<string> => {
      const response = await submit(path, fields, jar === undefined ? {} : { jar })
      const text = await response.text()
      expect(response.status, text.slice(-800)).toBe(303)
      return response.headers.get('location') ?? ''
    },
  }
}

/** Everything that the form of a user sends, as it is for whom nobody ever changed. */
export const unchanged = { version: '1', role: 'member', groups: '', limit: 'none', scope_limit: '' }

/** What the problem notice of a page says. */
export function problemOn(page: string): string {
  return /role="alert">(.*?)<\/p>/s.exec(page)?.[1] ?? 'nothing'
}
