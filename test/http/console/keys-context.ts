import { keyTextOn } from '../../support/browser-like.ts'
import { type FormFields, fillIn } from '../../support/page-forms.ts'
import { person, startPeople } from '../admin/people-context.ts'

export type ConsoleKeys = Awaited<ReturnType<typeof startConsoleKeys>>

/** A desk with an admin's browser and a member who owns keys. */
export async function startConsoleKeys(options: { now?: () => Date } = {}) {
  const context = await startPeople({ ADMIN_EMAILS: 'boss@example.com' }, options)
  const boss = await context.browserOf(person('boss'))
  const member = await context.browserOf(person('uma'))
  const { id: bossId } = await context.userOf('boss@example.com')
  const { id: memberId } = await context.userOf('uma@example.com')
  const read = (id: string) => context.get(`/admin/keys/${id}`)
  return {
    ...context,
    boss,
    bossId,
    member,
    memberId,
    read,
    pageOf: async (path: string): Promise<string> =>
      (await boss.fetch(path, { headers: { accept: 'text/html' } })).text(),
    /** A key made by the admin API; its text and its id. */
    mint: async (change: object = {}): Promise<{ id: string; text: string }> => {
      const body = { user_id: memberId, name: 'deploy', ...change }
      const { key, key_text: text } = await context.done('POST', '/admin/keys', body)
      return { id: key.id, text }
    },
    /** Puts back when a key was made, by so many days. */
    makeOlder: (id: string, days: number): Promise<void> => {
      const { engine, change } = context.gateway.database
      const madeAt = new Date(Date.now() - days * 86_400_000)
      const value = engine === 'postgres' ? madeAt : madeAt.getTime()
      return change('UPDATE api_keys SET created_at = ? WHERE id = ?', value, id)
    },
    /** A key made in the console, and the answer that shows it. */
    mintByForm: async (change: FormFields = {}) => {
      const path = `/console/keys/new?user_id=${memberId}`
      const response = await fillIn(boss, path, '/console/keys', { name: 'by form', ...change })
      const page = await response.clone().text()
      const text = keyTextOn(page)
      return { response, page, text, id: text?.split('_')[1] ?? '' }
    },
  }
}
