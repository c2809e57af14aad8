import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import {
  type Attacked,
  auditOf,
  expectRefused,
  inventory,
  signInWrong,
  startAttackedGateway,
} from '../../support/attack.ts'
import { keyTextOn } from '../../support/browser-like.ts'
import { json } from '../../support/json.ts'

const notAllowed = (reason: string) => ({ status: 403, code: 'not_allowed', reason })

describe('a person is known by issuer and subject', () => {
  let context: Attacked
  beforeEach(async () => {
    context = await startAttackedGateway({ ALLOWED_DOMAINS: 'example.com' })
  })
  afterEach(() => context.close())

  async function signInForKey(): Promise<string> {
    const response = await signInWrong(context)
    const page = await response.text()
    const key = keyTextOn(page)
    if (key === null) throw new Error(`the callback answered ${response.status}: ${page}`)
    return key
  }
  const validate = async (key: string) => {
    const response = await context.gateway.fetch('/v1/validate', { headers: { 'x-api-key': key } })
    return { status: response.status, body: await json(response) }
  }

  test('a second sign-in with nothing changed makes a key and no other user, identity or user event', async () => {
    await signInForKey()
    await signInForKey()
    const { users, keys } = await inventory(context)
    expect(users).toHaveLength(1)
    expect(keys).toHaveLength(2)
    const user = await json(await context.gateway.asAdmin(`/admin/users/${users[0].id}`))
    expect(JSON.stringify(user).match(new RegExp(context.wrong.account.sub, 'g'))).toHaveLength(1)
    expect(await auditOf(context, 'user.created')).toHaveLength(1)
    expect(await auditOf(context, 'user.updated')).toHaveLength(0)
    expect(await auditOf(context, 'sign_in.succeeded')).toHaveLength(2)
    expect(await auditOf(context, 'key.minted')).toHaveLength(2)
  })

  test('ten first sign-ins at the same time make one user', async () => {
    const answers = await Promise.all(Array.from({ length: 10 }, () => signInWrong(context)))
    expect(answers.map(({ status }) => status)).toEqual(Array(10).fill(200))
    const { users, keys } = await inventory(context)
    expect([users.length, keys.length]).toEqual([1, 10])
    expect(await auditOf(context, 'user.created')).toHaveLength(1)
  })

  test('a changed email keeps the user and the keys, changes the profile, and writes one user.updated event', async () => {
    const key = await signInForKey()
    const [before] = (await inventory(context)).users
    Object.assign(context.wrong.account, { email: 'Wanda.Married@example.com', name: 'Wanda Married' })
    await signInForKey()
    await signInForKey()
    const { users } = await inventory(context)
    expect(users).toMatchObject([
      { id: before.id, email: 'wanda.married@example.com', name: 'Wanda Married' },
    ])
    expect(await auditOf(context, 'user.updated')).toMatchObject([
      {
        actor: `user:${before.id}`,
        target: `user:${before.id}`,
        facts: { changed: ['email', 'name'] },
        details: { email: 'wanda.married@example.com' },
      },
    ])
    expect(await validate(key)).toMatchObject({
      status: 200,
      body: { user: { email: 'wanda.married@example.com' } },
    })
  })

  test('a changed email that is no longer allowed is refused, and changes nothing', async () => {
    await signInForKey()
    Object.assign(context.wrong.account, { email: 'wanda@elsewhere.test', hd: 'elsewhere.test' })
    await expectRefused(context, notAllowed('domain_not_allowed'), (headers) => signInWrong(context, headers))
  })

  test('the email of another user under another subject is refused: nothing is merged by email', async () => {
    const key = await signInForKey()
    for (const sub of ['other', context.wrong.account.sub.slice(0, -1), `${context.wrong.account.sub}0`]) {
      context.wrong.account.sub = sub
      const { event } = await expectRefused(context, notAllowed('email_of_another_user'), (headers) =>
        signInWrong(context, headers),
      )
      expect(event).toMatchObject({ actor: 'anonymous', details: { email: 'wanda@example.com' } })
    }
    expect((await validate(key)).status).toBe(200)
  })

  test('the same subject and email from another issuer is refused', async () => {
    await signInForKey()
    const other = await startAttackedGateway()
    await context.gateway.restart({ GOOGLE_ISSUER: other.wrong.issuer })
    const crossed = { ...context, wrong: other.wrong }
    await expectRefused(crossed, notAllowed('email_of_another_user'), (headers) =>
      signInWrong(crossed, headers),
    )
    await other.close()
  })

  test('changing the email to that of another user is refused, for both', async () => {
    const { sub } = context.wrong.account
    await signInForKey()
    Object.assign(context.wrong.account, { sub: '2', email: 'eve@example.com' })
    await signInForKey()
    context.wrong.account.email = 'wanda@example.com'
    await expectRefused(context, notAllowed('email_of_another_user'), (headers) =>
      signInWrong(context, headers),
    )
    Object.assign(context.wrong.account, { sub, email: 'eve@example.com' })
    await expectRefused(context, notAllowed('email_of_another_user'), (headers) =>
      signInWrong(context, headers),
    )
  })

  test('subjects are compared to the letter', async () => {
    Object.assign(context.wrong.account, { sub: 'aB', email: 'one@example.com' })
    await signInForKey()
    Object.assign(context.wrong.account, { sub: 'Ab', email: 'two@example.com' })
    await signInForKey()
    expect((await inventory(context)).users).toHaveLength(2)
  })

  test('a subject that is empty, no text, too long or unprintable is refused', async () => {
    const subjects = ['', 7, null, 'a b', 'a\u0000', 'a\n', 'ü', '\ud800', 's'.repeat(256)]
    for (const sub of subjects) {
      context.wrong.account.sub = sub as string
      const unusable = { status: 502, code: 'provider_error', reason: 'subject_unusable' }
      await expectRefused(context, unusable, (headers) => signInWrong(context, headers))
    }
  })

  test('a disabled user is refused: no key, no change of the profile, an audit event with the reason', async () => {
    const key = await signInForKey()
    await context.gateway.database.change("UPDATE users SET status = 'disabled'")
    Object.assign(context.wrong.account, { name: 'Renamed', email: 'renamed@example.com' })
    const { problem } = await expectRefused(context, notAllowed('user_disabled'), (headers) =>
      signInWrong(context, headers),
    )
    expect(problem.detail).toContain('disabled')
    expect((await validate(key)).status).toBe(401)
  })

  test('ADMIN_EMAILS makes an admin of a member at the next sign-in, and writes it down', async () => {
    await signInForKey()
    await context.gateway.restart({ ADMIN_EMAILS: 'wanda@example.com' })
    await signInForKey()
    expect((await inventory(context)).users).toMatchObject([{ role: 'admin' }])
    expect(await auditOf(context, 'user.role_changed')).toMatchObject([
      { facts: { changed: ['role'], before: { role: 'member' }, after: { role: 'admin' } } },
    ])
  })

  test('NUL, lone surrogates and 10 kB in the claims are stored clean, and shown so', async () => {
    const name = `Wan\u0000da \ud800Ex\udc00ample 👩‍💻 ${'x'.repeat(10_000)}`
    Object.assign(context.wrong.account, { name, picture: `https://p.test/\u0000\ud800a` })
    const page = await (await signInWrong(context)).text()
    const [user] = (await inventory(context)).users
    expect(user.name).toMatch(/^Wanda Example 👩‍💻 x+$/)
    expect(user.name.length).toBeLessThanOrEqual(200)
    expect(user.picture).toBe('https://p.test/a')
    expect(page).toContain(user.name)
    const tables = ['users', 'identities', 'audit_events', 'audit_details']
    const rows = tables.map((table) => context.gateway.database.rows(`SELECT * FROM ${table}`))
    const stored = JSON.stringify(await Promise.all(rows))
    expect(stored).not.toMatch(/\\u0000|\\ud800|\\udc00/i)
  })
})
