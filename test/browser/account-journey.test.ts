import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { describeInChromium } from '../support/chromium.ts'
import { openVisit, pickAccount } from '../support/visit.ts'
import { startWithThreeProviders, type ThreeProviders } from './three-providers.ts'

const everywhere = { ALLOWED_DOMAINS: 'example.com,gitlab:example.com,keycloak:example.com' }

describeInChromium('an account in a real browser', (browser) => {
  let desk: ThreeProviders
  beforeAll(async () => {
    desk = await startWithThreeProviders(everywhere)
  })
  afterAll(() => desk?.close())

  const heading = (page: Page, name: string) => page.getByRole('heading', { level: 1, name }).waitFor()
  const cards = (page: Page, under: string) => page.locator(`h2:has-text("${under}") + ul > li`)

  /** From the front page to the account, without a key. */
  async function enter(page: Page, name: string): Promise<void> {
    await page.goto(desk.gateway.url)
    await page.getByRole('link', { name: 'Sign in without a new key' }).click()
    await page.getByRole('link', { name: 'Sign in with Google' }).click()
    await pickAccount(page, name)
    await heading(page, 'Your account')
    expect(new URL(page.url()).pathname).toBe('/account')
  }

  test.each([
    ['with', true, 'Alice Example'],
    ['without', false, 'Ada Example'],
  ])(
    '%s JavaScript: sign in, add an account at another provider, sign out, and Back shows nothing of it',
    async (_, javaScriptEnabled, name) => {
      const visit = await openVisit(browser(), desk.gateway.url, { javaScriptEnabled })
      const { page } = visit
      await enter(page, name)
      expect(await cards(page, 'How you sign in').count()).toBe(1)
      expect(await cards(page, 'Where you are signed in').count()).toBe(1)

      await page.getByRole('button', { name: 'Add GitLab' }).click()
      // The page between goes on by itself: nothing is clicked on it.
      await page.waitForURL((url) => url.origin === desk.standIns.gitlab.issuer)
      await pickAccount(page, name)
      await heading(page, 'Your account')
      const identities = await cards(page, 'How you sign in').allInnerTexts()
      expect(identities).toHaveLength(2)
      expect(identities.join()).toContain('GitLab')
      expect(await page.getByRole('button', { name: 'Add GitLab' }).count()).toBe(0)

      await page.getByRole('button', { name: 'Sign out', exact: true }).click()
      await heading(page, 'Show your ID')
      expect(await visit.context.cookies(desk.gateway.url)).toEqual([])
      for (let steps = 0; steps < 3; steps += 1) {
        await page.goBack()
        expect(await page.locator('body').innerText()).not.toMatch(/@example\.com|usr_|This browser/)
        if (page.url().startsWith(`${desk.gateway.url}/auth/login`)) break
      }
      expect(visit.complaints).toEqual([])
      await visit.close()
    },
  )

  test('with the back/forward cache of a real browser, Back after signing out shows nothing of the account', async () => {
    // Playwright switches that cache off; people have it on.
    const cached = await browser()
      .browserType()
      .launch({
        executablePath: process.env.CHROMIUM_PATH || '/usr/bin/chromium',
        args: ['--no-sandbox', '--disable-gpu'],
        ignoreDefaultArgs: ['--disable-back-forward-cache'],
      })
    const { page } = await openVisit(cached, desk.gateway.url)
    await enter(page, 'Alice Example')
    await page.getByRole('button', { name: 'Sign out', exact: true }).click()
    await heading(page, 'Show your ID')
    await page.goBack({ waitUntil: 'commit' })
    // The account page asks anew, and is sent to sign in.
    await heading(page, 'Sign in')
    expect(await page.locator('body').innerText()).not.toMatch(/@example\.com|usr_|This browser/)
    await cached.close()
  })

  test('signing out everywhere ends the session of the other browser too', async () => {
    const visits = [
      await openVisit(browser(), desk.gateway.url),
      await openVisit(browser(), desk.gateway.url),
    ]
    const [here, there] = visits.map(({ page }) => page) as [Page, Page]
    const cleo = {
      sub: '2',
      email: 'cleo@example.com',
      email_verified: true,
      name: 'Cleo',
      hd: 'example.com',
    }
    desk.standIns.google.accounts.push(cleo)
    await enter(there, 'Cleo')
    await enter(here, 'Cleo')
    expect(await cards(here, 'Where you are signed in').count()).toBe(2)
    expect(await here.getByText('This browser', { exact: true }).count()).toBe(1)
    await here.getByRole('button', { name: 'Sign out everywhere' }).click()
    await heading(here, 'Show your ID')
    await there.reload()
    await heading(there, 'Sign in')
    for (const { complaints } of visits) expect(complaints).toEqual([])
    for (const visit of visits) await visit.close()
  })

  test('a new key by signing in, from the account page, leaves the person signed in', async () => {
    const visit = await openVisit(browser(), desk.gateway.url)
    const { page } = visit
    const dora = {
      sub: '3',
      email: 'dora@example.com',
      email_verified: true,
      name: 'Dora',
      hd: 'example.com',
    }
    desk.standIns.google.accounts.push(dora)
    await enter(page, 'Dora')
    await page.getByRole('link', { name: 'Your keys', exact: true }).click()
    await page.getByRole('link', { name: 'get a key by signing in' }).click()
    await page.getByRole('link', { name: 'Sign in with Google' }).click()
    await pickAccount(page, 'Dora')
    await heading(page, 'Your API key')
    await page.getByRole('link', { name: 'Done' }).click()
    await heading(page, 'You are signed in')
    expect(visit.complaints).toEqual([])
    await visit.close()
  })
})
