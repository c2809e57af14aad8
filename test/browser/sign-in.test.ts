import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { describeInChromium } from '../support/chromium.ts'
import { startSignInGateway } from '../support/sign-in.ts'
import { keyTextOf, openVisit, pickAccount, type Visit } from '../support/visit.ts'

const keyGrammar = /^kd_[0-9A-Za-z]{12}_[0-9A-Za-z]{43}[0-9a-f]{16}$/

describeInChromium('signing in with a real browser', (browser) => {
  let context: Awaited<ReturnType<typeof startSignInGateway>>
  const visits: Visit[] = []
  beforeAll(async () => {
    context = await startSignInGateway({ SSO_KEYS_MAX: '100' })
  })
  afterAll(async () => {
    for (const visit of visits) await visit.close()
    await context?.close()
  })

  async function visit(options?: Parameters<typeof openVisit>[2]): Promise<Visit> {
    const opened = await openVisit(browser(), context.gateway.url, options)
    visits.push(opened)
    return opened
  }
  const validate = (key: string) => context.gateway.fetch('/v1/validate', { headers: { 'x-api-key': key } })
  const addressesOf = async (page: Page): Promise<string[]> => {
    const session = await page.context().newCDPSession(page)
    const { entries } = await session.send('Page.getNavigationHistory')
    return entries.flatMap(({ url, userTypedURL }) => [url, userTypedURL])
  }

  test('from the front page by two clicks to a key that validates, without a complaint of the browser', async () => {
    const { page, complaints } = await visit()
    await page.goto(context.gateway.url)
    await page.getByRole('link', { name: 'Sign in with Google' }).click()
    await page.getByRole('heading', { name: 'Choose an account' }).waitFor()
    expect(new URL(page.url()).origin).toBe(context.standIn.issuer)
    await pickAccount(page, 'Alice Example')
    expect(await page.title()).toBe('Your API key · Keydesk')
    const key = await keyTextOf(page)
    expect(key).toMatch(keyGrammar)
    const answer = await validate(key)
    expect(answer.status).toBe(200)
    expect(await answer.json()).toMatchObject({ valid: true, user: { email: 'alice@example.com' } })
    for (const said of ['sso', 'Alice Example', 'alice@example.com', 'Never expires', 'not be shown again'])
      expect(await page.locator('main').textContent()).toContain(said)
    expect(complaints).toEqual([])
  })

  test('the cookie of an attempt is kept by the browser over http on localhost, and is gone with the answer', async () => {
    const { page, context: profile } = await visit()
    await page.goto(`${context.gateway.url}/auth/login`)
    const [cookie, ...others] = await profile.cookies(context.gateway.url)
    expect(others).toEqual([])
    expect(cookie).toMatchObject({
      secure: true,
      httpOnly: true,
      sameSite: 'Lax',
      path: '/',
      domain: 'localhost',
    })
    expect(cookie?.name).toMatch(/^__Host-keydesk-attempt-/)
    await pickAccount(page, 'Alice Example')
    expect(await profile.cookies(context.gateway.url)).toEqual([])
  })

  test('neither the address bar nor the history holds the code or the state, on the key page and on a problem page', async () => {
    for (const choice of ['Alice Example', 'Cancel']) {
      const { page, signInAs, callbacks } = await visit()
      await signInAs(choice)
      const sent = new URL(callbacks[0] ?? '').searchParams
      expect(sent.get('state')).not.toBeNull()
      await expect.poll(() => page.url()).toBe(`${context.gateway.url}/`)
      for (const address of await addressesOf(page)) {
        for (const secret of [sent.get('state'), sent.get('code')])
          if (secret !== null) expect(address).not.toContain(secret)
        if (address.startsWith(context.gateway.url)) expect(address).not.toMatch(/[?&](code|state)=/)
      }
      expect(await page.evaluate('document.referrer')).not.toContain('code=')
    }
  })

  test('reloading the key page shows no key', async () => {
    const { page, signInAs, keyText } = await visit()
    await signInAs('Alice Example')
    const key = await keyText()
    await page.reload()
    expect(await page.content()).not.toContain(key)
    await page.getByRole('heading', { level: 1, name: 'Show your ID' }).waitFor()
  })

  test('leaving the key page and coming back shows no key', async () => {
    const { page, signInAs, keyText } = await visit()
    await signInAs('Alice Example')
    const key = await keyText()
    await page.getByRole('link', { name: 'Done' }).click()
    await page.getByRole('link', { name: 'Sign in with Google' }).waitFor()
    await page.goBack()
    expect(await page.content()).not.toContain(key)
    expect(await page.locator('body').innerText()).not.toMatch(/kd_[0-9A-Za-z]{12}_/)
  })

  test('the copy buttons copy exactly the key, the command and the line', async () => {
    const { page, context: profile, signInAs, keyText } = await visit()
    await profile.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: context.gateway.url })
    await signInAs('Alice Example')
    const key = await keyText()
    const expected = {
      'Copy key': key,
      'Copy command': `curl -H 'X-API-Key: ${key}' ${context.gateway.url}/v1/validate`,
      'Copy line': `KEYDESK_API_KEY=${key}`,
    }
    for (const [name, text] of Object.entries(expected)) {
      await page.getByRole('button', { name }).click()
      await page.getByRole('button', { name: 'Copied' }).first().waitFor()
      expect(await page.evaluate('navigator.clipboard.readText()')).toBe(text)
      expect(await page.locator('[data-copy-status]').textContent()).toBe('Copied')
    }
  })

  test('with the keyboard alone: signing in, reaching the key, which selects it, and copying it', async () => {
    const { page, context: profile } = await visit()
    await profile.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: context.gateway.url })
    await page.goto(context.gateway.url)
    await tabTo(page, 'Sign in with Google')
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'Choose an account' }).waitFor()
    await tabTo(page, 'Alice Example')
    await page.keyboard.press('Enter')
    await page.locator('#key-text').waitFor()
    const key = await keyTextOf(page)
    await tabTo(page, key)
    expect(await page.evaluate('getSelection().toString().trim()')).toBe(key)
    await tabTo(page, 'Copy key')
    await page.keyboard.press('Enter')
    await page.getByRole('button', { name: 'Copied' }).waitFor()
    expect(await page.evaluate('navigator.clipboard.readText()')).toBe(key)
    await tabTo(page, 'Done')
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { level: 1, name: 'Show your ID' }).waitFor()
  })

  test('without JavaScript the key page still shows everything, and a reload of it shows no key', async () => {
    const { page, signInAs, keyText } = await visit({ javaScriptEnabled: false })
    await signInAs('Alice Example')
    const key = await keyText()
    expect(key).toMatch(keyGrammar)
    expect((await validate(key)).status).toBe(200)
    await expectVisible(page, [
      'This key will not be shown again. Copy it now.',
      `curl -H 'X-API-Key: ${key}' ${context.gateway.url}/v1/validate`,
      `KEYDESK_API_KEY=${key}`,
      'alice@example.com',
      'If you lose it',
    ])
    for (const button of await page.locator('button').all()) expect(await button.isVisible()).toBe(false)
    const reloaded = await page.reload()
    expect(reloaded?.status()).toBe(400)
    expect(await page.content()).not.toContain(key)
    await expectVisible(page, ['Start again'])
  })

  test('cancelling at the provider leads to a page that offers a fresh sign-in, which works', async () => {
    const { page, signInAs } = await visit()
    await signInAs('Cancel')
    await page.getByRole('heading', { name: 'Sign-in was cancelled' }).waitFor()
    expect(await page.locator('#request-id').textContent()).toMatch(/^req_/)
    await page.getByRole('link', { name: 'Start again' }).click()
    await pickAccount(page, 'Alice Example')
    expect((await validate(await keyTextOf(page))).status).toBe(200)
  })

  test('two tabs of one browser sign in beside each other, and each gets a key of its own', async () => {
    const { page: first, context: profile } = await visit()
    const second = await profile.newPage()
    for (const tab of [first, second]) await tab.goto(`${context.gateway.url}/auth/login`)
    await pickAccount(second, 'Ada Example')
    await pickAccount(first, 'Alice Example')
    const keys = [await keyTextOf(first), await keyTextOf(second)]
    expect(new Set(keys).size).toBe(2)
    for (const key of keys) expect((await validate(key)).status).toBe(200)
  })

  test('the callback address of one browser is worth nothing in another', async () => {
    const { page, callbacks } = await visit()
    await page.route('**/auth/callback*', (route) => route.abort())
    await page.goto(`${context.gateway.url}/auth/login`)
    await page.getByRole('button', { name: 'Alice Example' }).click()
    await expect.poll(() => callbacks).toHaveLength(1)
    const { page: stranger } = await visit()
    const answer = await stranger.goto(callbacks[0] ?? '')
    expect(answer?.status()).toBe(400)
    await expectVisible(stranger, ['begun in another browser', 'Start again'])
    expect(await stranger.content()).not.toMatch(/kd_[0-9A-Za-z]{12}_/)
  })
})

/** Presses Tab until the element with this text has the focus. */
async function tabTo(page: Page, text: string): Promise<void> {
  for (let presses = 0; presses < 30; presses += 1) {
    await page.keyboard.press('Tab')
    const focused = await page.evaluate<string>('document.activeElement.textContent')
    if (focused.includes(text) && focused.length < text.length + 200) return
  }
  throw new Error(`30 presses of Tab did not reach "${text}"`)
}

async function expectVisible(page: Page, texts: string[]): Promise<void> {
  const visible = await page.locator('body').innerText()
  for (const text of texts) expect(visible).toContain(text)
}
