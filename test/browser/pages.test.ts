import { afterAll, beforeAll, expect, test } from 'vitest'
import { describeInChromium } from '../support/chromium.ts'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import { keyFor, signInSettings, startSignInGateway } from '../support/sign-in.ts'
import { openVisit, pickAccount, type Visit } from '../support/visit.ts'
import { lookOver } from './look-over.ts'

describeInChromium('every page in a real browser', (browser) => {
  let context: Awaited<ReturnType<typeof startSignInGateway>>
  let withoutProvider: TestGateway
  let providerDown: TestGateway
  let clockMs = 0
  beforeAll(async () => {
    const now = () => new Date(Date.now() + clockMs)
    context = await startSignInGateway({ ALLOWED_DOMAINS: 'example.com', SSO_KEYS_MAX: '2' }, { now })
    withoutProvider = await startGateway({ ALLOWED_DOMAINS: 'example.com' })
    // Nothing listens on the discard port.
    providerDown = await startGateway(signInSettings('http://127.0.0.1:9'))
  })
  afterAll(async () => {
    await context?.close()
    await withoutProvider?.close()
    await providerDown?.close()
  })

  const goto = (path: string) => async (visit: Visit) =>
    void (await visit.page.goto(context.gateway.url + path))
  const signInAs = (name: string) => (visit: Visit) => visit.signInAs(name)
  const pages: Record<
    string,
    { heading: string; at?: () => TestGateway; open: (visit: Visit) => Promise<void> }
  > = {
    'the front page': { heading: 'Show your ID at the desk, get a key', open: goto('/') },
    'the front page with sign-in off': {
      heading: 'Show your ID at the desk, get a key',
      at: () => withoutProvider,
      open: async ({ page }) => void (await page.goto(withoutProvider.url)),
    },
    'the key page': { heading: 'Your API key', open: signInAs('Alice Example') },
    'cancelled at the provider': { heading: 'Sign-in was cancelled', open: signInAs('Cancel') },
    'email not verified': { heading: 'The email address is not verified', open: signInAs('Uma Example') },
    'another domain': { heading: 'This account may not sign in here', open: signInAs('Otto Elsewhere') },
    'callback without a state': { heading: 'This sign-in cannot be finished', open: goto('/auth/callback') },
    'sign-in that took too long': {
      heading: 'This sign-in took too long',
      open: async ({ page }) => {
        await page.goto(`${context.gateway.url}/auth/login`)
        clockMs = 11 * 60_000
        await pickAccount(page, 'Alice Example').finally(() => {
          clockMs = 0
        })
      },
    },
    'too many keys': {
      heading: 'This cannot be done as things are',
      open: async (visit) => {
        for (const _ of [1, 2]) await keyFor(context, 'ada@example.com')
        await visit.signInAs('Ada Example')
      },
    },
    'provider down': {
      heading: 'The sign-in provider did not answer as it should',
      at: () => providerDown,
      open: async ({ page }) => void (await page.goto(`${providerDown.url}/auth/login`)),
    },
    'nothing at this address': { heading: 'Not found', open: goto('/nowhere') },
    'no key sent': { heading: 'No API key was sent', open: goto('/v1/validate') },
  }

  for (const [name, { heading, at, open }] of Object.entries(pages)) {
    test(`${name}: nothing serious for axe in light and dark, no sideways scroll at 360 and 320 pixels, no complaint`, async () => {
      const visit = await openVisit(browser(), (at?.() ?? context.gateway).url)
      const { page } = visit
      await open(visit)
      expect(await page.getByRole('heading', { level: 1 }).textContent()).toBe(heading)
      await lookOver(page, name, [1280, 360, 320])
      expect(visit.complaints).toEqual([])
      await visit.close()
    })
  }
})
