import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core'

/** A visitor of the gateway: a fresh browser profile with one tab, and what that tab complained of. */
export interface Visit {
  readonly context: BrowserContext
  readonly page: Page
  /** Console errors and warnings, script errors and CSP violations of our pages, and what they asked of other origins. */
  readonly complaints: string[]
  /** The address of every callback that the browser was sent to, newest last. */
  readonly callbacks: string[]
  /** From `/auth/login` to the page that the callback answers with. */
  signInAs(name: string): Promise<void>
  /** The key on the page. */
  keyText(): Promise<string>
  close(): Promise<void>
}

/** Opens a fresh profile that watches what our pages do. `baseUrl` is the gateway's own. */
export async function openVisit(
  browser: Browser,
  baseUrl: string,
  options: BrowserContextOptions = {},
): Promise<Visit> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options })
  context.setDefaultTimeout(10_000)
  const complaints: string[] = []
  const callbacks: string[] = []
  const visited = new Set<string>()
  const isOurs = (url: string) => url === baseUrl || url.startsWith(`${baseUrl}/`)
  context.on('page', (page) => {
    page.on('pageerror', (error) => complaints.push(`script error: ${error.message}`))
    page.on('console', (message) => {
      const { url } = message.location()
      // The browser's own note that a problem page has a problem's status.
      const isStatusNote =
        /^Failed to load resource: the server responded with a status of [45]/.test(message.text()) &&
        visited.has(url)
      if (['error', 'warning'].includes(message.type()) && isOurs(url) && !isStatusNote)
        complaints.push(`console: ${message.text()} (${url})`)
    })
    page.on('request', (request) => {
      if (request.isNavigationRequest()) {
        visited.add(request.url())
        if (request.url().startsWith(`${baseUrl}/auth/callback`)) callbacks.push(request.url())
      } else if (isOurs(request.frame().url()) && !isOurs(request.url())) {
        complaints.push(`request to another origin: ${request.url()}`)
      }
    })
  })
  const page = await context.newPage()
  return {
    context,
    page,
    complaints,
    callbacks,
    signInAs: async (name) => {
      await page.goto(`${baseUrl}/auth/login`)
      await pickAccount(page, name)
    },
    keyText: () => keyTextOf(page),
    close: () => context.close(),
  }
}

/** Clicks the person (or "Cancel") at the stand-in's picker, and waits for the page that we answer with. */
export async function pickAccount(page: Page, name: string): Promise<void> {
  await page.getByRole('button', { name }).click()
  await page.locator('header.desk').waitFor()
}

export async function keyTextOf(page: Page): Promise<string> {
  return ((await page.locator('#key-text').textContent()) ?? '').trim()
}
