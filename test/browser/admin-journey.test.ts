import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { describeInChromium } from '../support/chromium.ts'
import { idOf } from '../support/desk.ts'
import { keyFor, startSignInGateway } from '../support/sign-in.ts'
import { openVisit, pickAccount, type Visit } from '../support/visit.ts'
import { lookOver } from './look-over.ts'

/** Each look takes four pictures and four rounds of axe: the journeys have longer than other tests. */
const widths = [1280, 360]
const sections = [
  ['Overview', '/console'],
  ['Users', '/console/users'],
  ['Keys', '/console/keys'],
  ['Service accounts', '/console/service-accounts'],
  ['Invitations', '/console/invitations'],
  ['Access rules', '/console/access-rules'],
  ['Audit', '/console/audit'],
] as const

describeInChromium('an admin in a real browser', (browser) => {
  let desk: Awaited<ReturnType<typeof startSignInGateway>>
  let aliceKey: string
  beforeAll(async () => {
    desk = await startSignInGateway({
      ADMIN_EMAILS: 'ada@example.com',
      ALLOWED_DOMAINS: 'example.com',
      AUTH_RATE_LIMIT: 'off',
      USAGE_FLUSH_INTERVAL: '1s',
    })
  })
  afterAll(() => desk?.close())

  const heading = (page: Page, name: string) => page.getByRole('heading', { level: 1, name }).waitFor()
  /** Its lines and columns depend on the width. */
  const said = async (page: Page) => (await page.locator('main').innerText()).replaceAll(/\s+/g, ' ')
  const validate = (query = '') =>
    desk.gateway.fetch(`/v1/validate${query}`, {
      headers: { 'x-api-key': aliceKey, 'user-agent': 'report-job/2' },
    })

  /** A day of a busy desk. */
  async function fillTheLastDay(): Promise<void> {
    const thisHour = Math.floor(Date.now() / 3_600_000) * 3_600_000
    for (let hours = 0; hours < 24; hours += 1) {
      const hour = new Date(thisHour - hours * 3_600_000)
      const add =
        'INSERT INTO verification_stats (hour, outcome, count) VALUES (?, ?, ?) ON CONFLICT DO NOTHING'
      await desk.gateway.database.change(add, hour, 'valid', 400 + ((hours * 137) % 900))
      if (hours % 5 === 0) await desk.gateway.database.change(add, hour, 'expired_key', 3 + hours)
    }
  }

  async function enter(visit: Visit): Promise<void> {
    await visit.page.goto(`${desk.gateway.url}/auth/login?return_to=/account`)
    await pickAccount(visit.page, 'Ada Example')
    await heading(visit.page, 'Your account')
    await visit.page.getByRole('link', { name: 'Console', exact: true }).click()
    await heading(visit.page, 'Overview')
  }

  test('comes to the console from the account page, and is told there what to do first', async () => {
    const visit = await openVisit(browser(), desk.gateway.url)
    const { page } = visit
    try {
      await enter(visit)
      expect(await said(page)).toContain('Nobody has a key yet.')
      for (const [name, path] of sections) {
        await page.goto(`${desk.gateway.url}${path}`)
        await heading(page, name)
        await lookOver(page, `empty ${name}`, widths)
      }
      expect(visit.complaints).toEqual([])
    } finally {
      await visit.close()
    }
  }, 120_000)

  test.each([
    ['with', true],
    ['without', false],
  ])(
    '%s JavaScript: looks around, invites, adds a rule, and stops a key',
    async (how, javaScriptEnabled) => {
      aliceKey = await keyFor(desk, 'alice@example.com')
      await fillTheLastDay()
      for (let n = 0; n < 3; n += 1) expect((await validate()).status).toBe(200)
      expect((await validate('?scope=reports:read')).status).toBe(403)
      const visit = await openVisit(browser(), desk.gateway.url, { javaScriptEnabled })
      const { page } = visit
      const name = (text: string) => `${how} ${text}`
      const look = (text: string) =>
        javaScriptEnabled ? lookOver(page, `admin ${text}`, widths) : Promise.resolve()
      try {
        await enter(visit)
        // What was counted is written every second.
        await expect
          .poll(async () => {
            await page.reload()
            return said(page)
          })
          .toContain('scope missing')
        await look('overview')
        for (const [section, path] of sections.slice(1)) {
          await page.getByRole('link', { name: section, exact: true }).first().click()
          await heading(page, section)
          expect(new URL(page.url()).pathname).toBe(path)
          expect(await page.locator('.sections [aria-current=page]').innerText()).toBe(section)
          await look(section)
        }

        await page.getByRole('link', { name: 'Invitations', exact: true }).click()
        await page.getByLabel('Email address').fill(`${how}@partner.test`)
        await page.getByLabel('Groups').fill('Not A Group')
        await page.getByRole('button', { name: 'Make the invitation' }).click()
        await page.getByRole('alert').waitFor()
        expect(await page.getByLabel('Email address').inputValue()).toBe(`${how}@partner.test`)
        await look('invitation refused')
        await page.getByLabel('Groups').fill('ops')
        await page.getByRole('button', { name: 'Make the invitation' }).click()
        expect(await page.getByRole('status').first().innerText()).toContain('The invitation is made.')
        expect(await said(page)).toContain(`${how}@partner.test`)
        await look('invited')

        await page.getByRole('link', { name: 'Access rules', exact: true }).click()
        await page.getByLabel('Address', { exact: true }).fill('alice@example.com')
        await page.getByLabel('Note').last().fill(name('note'))
        await page.getByRole('button', { name: 'See what it would do' }).last().click()
        await heading(page, 'Add this rule?')
        expect(await said(page)).toContain('One person is cut off at once')
        await look('rule that cuts off')
        await page.getByRole('link', { name: 'Leave everything as it is' }).click()
        expect((await validate()).status).toBe(200)
        await page.getByLabel('Address', { exact: true }).fill(`${how}-otto@elsewhere.test`)
        await page.getByLabel('Note').last().fill(name('note'))
        await page.getByRole('button', { name: 'See what it would do' }).last().click()
        expect(await said(page)).toContain('Nobody who is here is cut off.')
        await look('rule that cuts nobody off')
        await page.getByRole('button', { name: 'Add the rule' }).click()
        expect(await page.getByRole('status').first().innerText()).toContain('The rule is in force.')
        expect(await said(page)).toContain(name('note'))
        await look('rule added')

        await page.getByRole('link', { name: 'Keys', exact: true }).click()
        await page.getByLabel('Find').first().fill('alice@')
        await page.getByRole('button', { name: 'Show', exact: true }).click()
        await page.locator(`a[href="/console/keys/${idOf(aliceKey)}"]`).click()
        expect(await said(page)).toContain('report-job/2')
        expect(await said(page)).toContain('alice@example.com')
        await look('key')
        await page.getByText('Revoke this key', { exact: true }).click()
        await page.getByLabel('Reason').fill(name('lost'))
        await page.getByRole('button', { name: 'Revoke it for good' }).click()
        await page.getByRole('status').first().waitFor()
        expect((await validate()).status).toBe(401)

        await page.getByRole('link', { name: 'Audit', exact: true }).click()
        await page.getByLabel('Action').selectOption('key.revoked')
        await page.getByRole('button', { name: 'Show', exact: true }).click()
        expect(await said(page)).toMatch(new RegExp(`Ada Example revoked key sso \\(${idOf(aliceKey)}\\)`))
        expect(await said(page)).toContain(name('lost'))
        await look('audit of the key')
        await page.getByRole('button', { name: 'Check the chain' }).click()
        expect(await said(page)).toContain('The chain is whole.')
        await look('audit checked')
        expect(visit.complaints).toEqual([])
      } finally {
        await visit.close()
      }
    },
    120_000,
  )
})
