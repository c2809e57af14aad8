import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { describeInChromium } from '../support/chromium.ts'
import { json } from '../support/json.ts'
import { keyFor, startSignInGateway } from '../support/sign-in.ts'
import { openVisit, pickAccount } from '../support/visit.ts'
import { lookOver } from './look-over.ts'

/** The example of docs/standards.md, on a page of its own. */
const appPage = (
  keydesk: string,
) => `<!doctype html><title>App</title><button>Sign in</button><output></output><script>
const keydesk = ${JSON.stringify(keydesk)}
const base64url = (bytes) => btoa(String.fromCharCode(...bytes)).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
async function signIn() {
  const verifier = base64url(crypto.getRandomValues(new Uint8Array(32)))
  sessionStorage.setItem('verifier', verifier)
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(verifier))
  location.href = keydesk + '/auth/login?' + new URLSearchParams({
    return_to: location.origin + location.pathname,
    code_challenge: base64url(new Uint8Array(digest)),
    code_challenge_method: 'S256',
  })
}
async function comeBack(code) {
  history.replaceState(null, '', location.pathname)
  const answer = await fetch(keydesk + '/auth/exchange', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({
      auth_code: code,
      code_verifier: sessionStorage.getItem('verifier'),
      return_to: location.origin + location.pathname,
    }),
  })
  const { access_token, error } = await answer.json()
  document.querySelector('output').textContent = error ?? JSON.parse(atob(access_token.split('.')[1])).email
}
document.querySelector('button').onclick = signIn
const code = new URLSearchParams(location.search).get('auth_code')
if (code) comeBack(code)
</script>`

describeInChromium('the standards, in a real browser', (browser) => {
  let context: Awaited<ReturnType<typeof startSignInGateway>>
  let app: Server
  let appUrl: string
  beforeAll(async () => {
    app = createServer((_, answer) => {
      answer.setHeader('content-type', 'text/html').end(appPage(context.gateway.url))
    })
    await new Promise<void>((resolve) => app.listen(0, '127.0.0.1', resolve))
    appUrl = `http://127.0.0.1:${(app.address() as AddressInfo).port}`
    context = await startSignInGateway({
      ADMIN_EMAILS: 'ada@example.com',
      RETURN_TO_ORIGINS: appUrl,
      CORS_ALLOW_ORIGINS: appUrl,
    })
  })
  afterAll(async () => {
    await context?.close()
    app?.close()
  })

  test('an app at another origin signs somebody in and gets its JWT, without a cookie of its own', async () => {
    const visit = await openVisit(browser(), context.gateway.url)
    const { page } = visit
    await page.goto(`${appUrl}/start`)
    await page.getByRole('button').click()
    await page.getByRole('button', { name: 'Alice Example' }).click()
    await page.getByText('alice@example.com').waitFor()
    expect(page.url()).toBe(`${appUrl}/start`)
    const ofApp = await visit.context.cookies(appUrl)
    expect(ofApp.filter(({ name }) => name.includes('keydesk'))).toEqual([])
    expect(visit.complaints).toEqual([])
    await visit.close()
  })

  test('the owner of a key that was found is told so, on a page that anybody can read', async () => {
    const { gateway } = context
    for (const count of [1, 2]) {
      const keyText = await keyFor(context, 'ada@example.com')
      const path = `/admin/keys/${keyText.split('_')[1]}`
      const renamed = await gateway.asAdmin(path, {
        method: 'PATCH',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({
          name: count === 1 ? 'nightly export' : 'laptop in the workshop of the east wing',
        }),
      })
      expect((await json(renamed)).name).toBeDefined()
      const body = new URLSearchParams({ token: keyText })
      const headers = { 'x-forwarded-for': count === 1 ? '203.0.113.7' : '2001:db8:85a3::8a2e:370:7334' }
      expect((await gateway.fetch('/v1/revoke', { method: 'POST', headers, body })).status).toBe(200)
      const visit = await openVisit(browser(), gateway.url)
      await visit.page.goto(`${gateway.url}/auth/login?return_to=/account`)
      await pickAccount(visit.page, 'Ada Example')
      await visit.page.getByRole('region', { name: 'Keys that somebody found and stopped' }).waitFor()
      await lookOver(visit.page, `account ${count} stopped`, [1280, 360])
      await visit.page.goto(`${gateway.url}/account`)
      const { user } = await json(
        await gateway.fetch('/auth/session', { headers: { cookie: await cookieOf(visit.context) } }),
      )
      await visit.page.goto(`${gateway.url}/console/users/${user.id}`)
      await visit.page.getByRole('region', { name: 'Keys that somebody found and stopped' }).waitFor()
      await lookOver(visit.page, `console ${count} stopped`, [1280, 360])
      expect(visit.complaints).toEqual([])
      await visit.close()
    }
  })

  async function cookieOf(jar: Awaited<ReturnType<typeof openVisit>>['context']): Promise<string> {
    const all = await jar.cookies(context.gateway.url)
    return all.map(({ name, value }) => `${name}=${value}`).join('; ')
  }
})
