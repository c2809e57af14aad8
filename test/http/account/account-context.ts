import { keyFields, sendForm } from '../../support/account-forms.ts'
import { type CookieJar, keyTextOn } from '../../support/browser-like.ts'
import type { TestGateway } from '../../support/gateway.ts'
import { json } from '../../support/json.ts'
import { formRequest } from '../../support/page-forms.ts'
import { startSignInGateway } from '../../support/sign-in.ts'
import { signInForSession } from '../../support/signed-in.ts'

export type AccountContext = Awaited<ReturnType<typeof startAccounts>>

export interface Person {
  readonly jar: CookieJar
  readonly id: string
  readonly cookie: string
}

/** A desk where people make keys themselves, with two scopes on offer and room for three keys. */
export async function startAccounts(
  settings: Record<string, string> = {},
  options: { now?: () => Date } = {},
) {
  const context = await startSignInGateway(
    {
      ALLOWED_DOMAINS: 'example.com',
      ADMIN_EMAILS: 'ada@example.com',
      SELF_SERVICE_SCOPES: 'reports:read,reports:write',
      SELF_SERVICE_KEYS_MAX: '3',
      AUTH_RATE_LIMIT: 'off',
      ...settings,
    },
    options,
  )
  return {
    ...context,
    async person(email: string): Promise<Person> {
      const { jar, secret } = await signInForSession(context, email)
      const { user } = await json(await jar.fetch('/auth/session'))
      return { jar, id: user.id, cookie: `__Host-keydesk=${secret}` }
    },
  }
}

/** Makes a key on the account page; answers its text and its id. */
export async function makeKey(
  { jar }: Pick<Person, 'jar'>,
  change = {},
): Promise<{ keyText: string; id: string }> {
  const response = await sendForm(jar, '/account/keys', keyFields(change))
  return madeOn(await response.text(), response.status)
}

/** The key that a page shows. */
export function madeOn(page: string, status: number): { keyText: string; id: string } {
  const keyText = keyTextOn(page)
  if (keyText === null) throw new Error(`the answer was ${status}, without a key: ${page}`)
  return { keyText, id: keyText.slice(3, 15) }
}

/** What `/v1/validate` says of a key: `valid`, or the code of the refusal. */
export async function verdictOf(gateway: TestGateway, keyText: string): Promise<string> {
  const answer = await json(await gateway.fetch('/v1/validate', { headers: { 'x-api-key': keyText } }))
  return answer.valid === true ? 'valid' : answer.code
}

/** Every key and session of the desk, as far as forms may change them. */
export function everything({ database }: TestGateway): Promise<unknown[]> {
  return Promise.all([
    database.rows('SELECT id, name, version, revoked_at, successor_id FROM api_keys ORDER BY id'),
    database.rows('SELECT id FROM sessions ORDER BY id'),
    database.rows('SELECT COUNT(*) AS events FROM audit_events'),
  ])
}

export async function patchUser(gateway: TestGateway, id: string, change: object): Promise<void> {
  const response = await gateway.asAdmin(`/admin/users/${id}`, {
    method: 'PATCH',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(change),
  })
  if (response.status !== 200) throw new Error(`the change answered ${response.status}`)
}

/** Mints a key as an admin does. */
export async function mintFor(
  gateway: TestGateway,
  userId: string,
  change: object = {},
): Promise<{ id: string; keyText: string }> {
  const response = await gateway.asAdmin('/admin/keys', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ user_id: userId, name: 'by an admin', ...change }),
  })
  const { key, key_text: keyText } = await json(response)
  return { id: key.id, keyText }
}

export { formRequest, keyFields, sendForm }
