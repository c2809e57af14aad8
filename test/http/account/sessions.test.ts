import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { json } from '../../support/json.ts'
import { postFrom } from '../../support/signed-in.ts'
import { type AccountContext, sendForm, startAccounts } from './account-context.ts'

describe('the sessions on the account page', () => {
  let context: AccountContext
  beforeAll(async () => {
    context = await startAccounts()
  })
  afterAll(() => context.close())
  const idOf = async (jar: { fetch(path: string): Promise<Response> }) =>
    (await json(await jar.fetch('/auth/session'))).session.id

  test('each of the others can be ended, and no other falls with it', async () => {
    const [here, there, third] = [
      await context.person('alice@example.com'),
      await context.person('alice@example.com'),
      await context.person('alice@example.com'),
    ]
    const id = await idOf(there.jar)
    const page = await (await here.jar.fetch('/account')).text()
    expect(page).toContain(`action="/account/sessions/${id}/end"`)
    expect(page).not.toContain(`/account/sessions/${await idOf(here.jar)}/end`)
    const response = await sendForm(here.jar, `/account/sessions/${id}/end`)
    expect([response.status, response.headers.get('location')]).toEqual([303, '/account?done=signed-out'])
    expect(await (await here.jar.fetch('/account?done=signed-out')).text()).toContain(
      'That browser is signed out.',
    )
    expect((await there.jar.fetch('/auth/session')).status).toBe(401)
    expect((await third.jar.fetch('/auth/session')).status).toBe(200)
    const { data } = await json(await context.gateway.asAdmin('/admin/audit?action=session.ended'))
    expect(data[0]).toMatchObject({ actor: `user:${here.id}`, facts: { session_id: id } })
    expect((await sendForm(here.jar, `/account/sessions/${id}/end`)).status).toBe(404)
  })

  test('end everywhere by the form of the page, and once more without one as a no-op', async () => {
    const [here, there] = [await context.person('ada@example.com'), await context.person('ada@example.com')]
    const headers = { accept: 'text/html' }
    for (const expected of [401, 401]) {
      const response = await postFrom(here, '/auth/logout/everywhere', headers)
      expect([response.status, response.headers.get('location')]).toEqual([303, '/'])
      expect((await there.jar.fetch('/auth/session')).status).toBe(expected)
    }
  })

  test('the way to the console is shown to admins alone', async () => {
    const ada = await context.person('ada@example.com')
    const alice = await context.person('alice@example.com')
    expect(await (await ada.jar.fetch('/account/keys')).text()).toContain('href="/console"')
    expect(await (await alice.jar.fetch('/account/keys')).text()).not.toContain('href="/console"')
  })
})
