import { afterAll, beforeAll, expect, test } from 'vitest'
import { describeInChromium } from '../support/chromium.ts'
import type { TestGateway } from '../support/gateway.ts'
import { startSignInGateway } from '../support/sign-in.ts'
import { openVisit, pickAccount, type Visit } from '../support/visit.ts'
import { lookOver } from './look-over.ts'
import { startWithThreeProviders, type ThreeProviders } from './three-providers.ts'

const rules = 'example.com,gitlab:example.com,keycloak:example.com'

describeInChromium('the pages of who signs in, in a real browser', (browser) => {
  let one: Awaited<ReturnType<typeof startSignInGateway>>
  let three: ThreeProviders
  beforeAll(async () => {
    one = await startSignInGateway({ ALLOWED_DOMAINS: 'example.com', ADMIN_CONTACT: 'it-desk@example.com' })
    three = await startWithThreeProviders({
      ALLOWED_DOMAINS: rules,
      ADMIN_EMAILS: 'ada@example.com',
      ADMIN_CONTACT: 'https://help.example.com',
      RETURN_TO_ORIGINS: 'https://reports.example.com',
    })
  })
  afterAll(async () => {
    await one?.close()
    await three?.close()
  })

  /** Opens a page in a fresh browser, looks it over, and answers what it says. */
  async function look(
    name: string,
    gateway: TestGateway,
    heading: string,
    open: (visit: Visit) => Promise<unknown>,
  ): Promise<string> {
    const visit = await openVisit(browser(), gateway.url)
    try {
      await open(visit)
      await visit.page.getByRole('heading', { level: 1, name: heading }).waitFor()
      await lookOver(visit.page, name, [1280, 360])
      expect(visit.complaints).toEqual([])
      return await visit.page.locator('body').innerText()
    } finally {
      await visit.close()
    }
  }

  /** Signs in without a key, and ends up at `path`. */
  async function enter({ page }: Visit, gateway: TestGateway, name: string, path: string): Promise<void> {
    await page.goto(`${gateway.url}/auth/login/google?return_to=${path}`)
    await pickAccount(page, name)
  }

  test('the front page offers each of three providers, and none more than the others', async () => {
    const said = await look('front-three', three.gateway, 'Show your ID', async ({ page }) => {
      await page.goto(three.gateway.url)
      expect(await page.locator('.button.main').count()).toBe(0)
    })
    for (const label of ['Google', 'GitLab', 'Keycloak (workshop)'])
      expect(said).toContain(`Sign in with ${label}`)
    expect(said).not.toContain('Sign out')
  })

  test('the front page tells who is signed in, and offers a new key, the account, and to sign out', async () => {
    const said = await look('front-signed-in', one.gateway, 'You are signed in', async (visit) => {
      await enter(visit, one.gateway, 'Alice Example', '/')
      expect(await visit.page.locator('.button.main').allTextContents()).toEqual(['Get a new key'])
    })
    for (const text of ['Alice Example', 'alice@example.com', 'Your account', 'Sign out'])
      expect(said).toContain(text)
    expect(said).not.toContain('may sign in')
  })

  test('the sign-in page names the place that the browser goes on to, and says whether a key is made', async () => {
    const at = (search: string) => (visit: Visit) =>
      visit.page.goto(`${three.gateway.url}/auth/login${search}`)
    const away = '?return_to=https://reports.example.com/q3'
    expect(await look('sign-in', three.gateway, 'Sign in', at(''))).toContain('API key of your own')
    expect(await look('sign-in-away', three.gateway, 'Sign in', at(away))).toContain(
      'you go on to reports.example.com. No key is made.',
    )
    expect(await look('sign-in-desk', three.gateway, 'Sign in', at('?return_to=/account'))).toContain(
      'You sign in to Keydesk itself. No key is made.',
    )
  })

  test('the refusal page says what a person can do, and tells nothing of the rules', async () => {
    const heading = 'This account may not sign in here'
    const said = await look('refused-address', one.gateway, heading, (visit) =>
      visit.signInAs('Otto Elsewhere'),
    )
    for (const text of ['Whom to ask: it-desk@example.com', 'Nothing was changed', 'Choose another account'])
      expect(said).toContain(text)
    expect(said.replaceAll('it-desk@example.com', '')).not.toMatch(/example\.com|otto|domain|denied|invited/i)
  })

  test.each([
    ['a-link', 'https://help.example.com/access', 'https://help.example.com/access'],
    ['words', 'the IT desk on the second floor', null],
  ])('the refusal page shows ADMIN_CONTACT that is %s', async (name, contact, href) => {
    const desk = await startSignInGateway({ ALLOWED_DOMAINS: 'example.com', ADMIN_CONTACT: contact })
    const said = await look(
      `refused-${name}`,
      desk.gateway,
      'This account may not sign in here',
      async (visit) => {
        await visit.signInAs('Otto Elsewhere')
        const links = visit.page.locator('main').getByRole('link', { name: contact })
        expect(await links.count()).toBe(href === null ? 0 : 1)
        if (href !== null) expect(await links.getAttribute('href')).toBe(href)
      },
    ).finally(desk.close)
    expect(said).toContain(`Whom to ask: ${contact}`)
  })

  test('whoever was disabled or cut off is told so instead of the account, and can sign out', async () => {
    const said = await look('disabled', three.gateway, 'This account is disabled', async (visit) => {
      await enter(visit, three.gateway, 'Alice Example', '/account')
      // Behind the back of the API, which ends the sessions too.
      const disable = "UPDATE users SET status = 'disabled' WHERE email = ?"
      await three.gateway.database.change(disable, 'alice@example.com')
      expect((await visit.page.reload())?.status()).toBe(401)
    })
    const newcomer = { sub: '1', email: 'nils@example.com', email_verified: true, name: 'Nils Example' }
    three.standIns.google.accounts.push({ ...newcomer, hd: 'example.com' })
    const cutOff = await look('cut-off', three.gateway, 'This account may not come in', async (visit) => {
      await enter(visit, three.gateway, 'Nils Example', '/account')
      const added = await three.gateway.asAdmin('/admin/access-rules', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ kind: 'deny_email', value: 'nils@example.com' }),
      })
      expect(added.status).toBe(201)
      expect((await visit.page.reload())?.status()).toBe(401)
    })
    for (const text of [said, cutOff]) {
      expect(text).toContain('Whom to ask: https://help.example.com')
      expect(text).toContain('Choose another account')
      expect(text).toContain('Sign out')
      expect(text).not.toMatch(/usr_|alice|nils/i)
    }
  })

  test('the account page shows who, how and where, with the times exact on hover', async () => {
    const said = await look('account', three.gateway, 'Your account', async (visit) => {
      await enter(visit, three.gateway, 'Ada Example', '/')
      await visit.page.getByRole('link', { name: 'Your account' }).click()
      await visit.page.getByRole('heading', { name: 'How you sign in' }).waitFor()
      for (const time of await visit.page.locator('time').all())
        expect(await time.getAttribute('title')).toMatch(/^2\d{3}-\d\d-\d\d [\d:]+ UTC$/)
    })
    for (const text of ['Ada Example', 'ada@example.com', 'Administrator', 'Google', 'Add GitLab'])
      expect(said).toContain(text)
    for (const text of ['Chrome on', 'This browser', 'Make a key', 'Sign out everywhere', 'Console'])
      expect(said).toContain(text)
    expect(said).not.toContain('Add Google')
  })

  test('the onward page offers the way on by hand where the browser does not go by itself', async () => {
    await look('onward', three.gateway, 'On to GitLab', async (visit) => {
      await enter(visit, three.gateway, 'Ada Example', '/account')
      // An answer without a page leaves the browser where it is.
      await visit.page.route(`${three.standIns.gitlab.issuer}/**`, (route) => route.fulfill({ status: 204 }))
      await visit.page.getByRole('button', { name: 'Add GitLab' }).click()
      const link = visit.page.getByRole('link', { name: 'Go on to GitLab' })
      expect(await link.getAttribute('href')).toContain(`${three.standIns.gitlab.issuer}/`)
    })
  })
})
