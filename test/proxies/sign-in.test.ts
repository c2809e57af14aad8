import type { BrowserContext } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { describeInChromium } from '../support/chromium.ts'
import { asAppsRead } from '../support/proxies/echo-app.ts'
import { type ProtectedApp, startProtectedApp } from '../support/proxies/protected-app.ts'
import { describeBehind, type ProxyName } from '../support/proxies/proxy-process.ts'

const hosts = ['--host-resolver-rules=MAP *.corp.test 127.0.0.1']

describeBehind(['nginx', 'caddy'], 'signing in on the way to an app', () => {
  describeInChromium(
    'in a real browser',
    (browser) => {
      describe.each<ProxyName>(['nginx', 'caddy'])('%s', (name) => {
        let it: ProtectedApp
        beforeAll(async () => {
          it = await startProtectedApp(name)
        })
        afterAll(() => it?.close())

        async function inFreshProfile<T>(visit: (context: BrowserContext) => Promise<T>): Promise<T> {
          const context = await browser().newContext({ ignoreHTTPSErrors: true })
          context.setDefaultTimeout(10_000)
          try {
            return await visit(context)
          } finally {
            await context.close()
          }
        }

        async function signInAt(context: BrowserContext, target: string, person = 'Alice Example') {
          const page = await context.newPage()
          await page.goto(it.appUrl + target)
          await page.getByRole('button', { name: person }).click()
          await page.waitForURL((url) => url.host === new URL(it.appUrl).host)
          return page
        }

        test.each([
          '/',
          '/a%20b%2Fc/%C3%BC%C3%9F/~!$()*,:@-._;v=1?from=1&to=2&empty=&flag&q=a%2Bb%20c+d%26e%3Df%23g%25h&n=%F0%9F%94%91%c3%bc[]%5C',
        ])('%s is reached byte for byte after it', async (target) => {
          await inFreshProfile(async (context) => {
            const first = context.waitForEvent('request', (request) => request.url().startsWith(it.appUrl))
            await signInAt(context, target)
            // What the browser itself made of the address, before anybody was asked.
            const typed = (await first).url().slice(it.appUrl.length)
            const received = it.app.received.at(-1)
            expect(received?.target).toBe(typed)
            expect(asAppsRead(received!, 'X-Auth-Request-Email')).toEqual(['alice@example.com'])
          })
        })

        test('the app learns who is there, and never a credential that opens other apps', async () => {
          await inFreshProfile(async (context) => {
            const page = await signInAt(context, '/who')
            const received = it.app.received.at(-1)!
            expect(asAppsRead(received, 'X-Auth-Request-Name')).toEqual(['Alice Example'])
            expect(asAppsRead(received, 'X-Auth-Request-Method')).toEqual(['session'])
            expect(asAppsRead(received, 'X-Auth-Request-User')[0]).toMatch(/^usr_/)
            expect(asAppsRead(received, 'X-Auth-Request-Jwt')[0]).toMatch(/\./)
            const cookies = await context.cookies(it.appUrl)
            expect(cookies.map((cookie) => cookie.name)).toEqual(['__Secure-keydesk-app'])
            expect(JSON.stringify(received)).not.toContain(cookies[0]?.value)
            // A second page asks nobody to sign in.
            await page.goto(`${it.appUrl}/again`)
            expect(it.app.received.at(-1)?.target).toBe('/again')
          })
        })

        test('a script of the page is let through with the session, and refused once it has ended', async () => {
          await inFreshProfile(async (context) => {
            const page = await signInAt(context, '/page')
            const statusOf = () =>
              page.evaluate(async () => {
                const answer = await fetch('/data', { redirect: 'manual' })
                return [answer.type, answer.status]
              })
            expect(await statusOf()).toEqual(['basic', 200])
            const [cookie] = await context.cookies(it.appUrl)
            const keys = await context.newPage()
            await keys.goto(`${it.keysUrl}/account`)
            await keys.getByRole('button', { name: 'Sign out', exact: true }).first().click()
            await keys.waitForURL((url) => url.pathname !== '/account')
            expect(await statusOf()).toEqual(['basic', 401])
            const kept = await it.ask('/data', {
              headers: [
                ['Cookie', `__Secure-keydesk-app=${cookie?.value}`],
                ['Sec-Fetch-Mode', 'cors'],
              ],
            })
            expect(kept.status).toBe(401)
          })
        })

        test('a WebSocket of the page opens with the session alone', async () => {
          await inFreshProfile(async (context) => {
            const page = await signInAt(context, '/page')
            const isOpened = (host: string) =>
              page.evaluate(
                (url) =>
                  new Promise<boolean>((done) => {
                    const socket = new WebSocket(url)
                    socket.onopen = () => done(true)
                    socket.onerror = () => done(false)
                  }),
                `wss://${host}/stream`,
              )
            const { host } = new URL(it.appUrl)
            expect(await isOpened(host)).toBe(true)
            expect(asAppsRead(it.app.received.at(-1)!, 'X-Auth-Request-Email')).toEqual(['alice@example.com'])
            await context.clearCookies()
            expect(await isOpened(host)).toBe(false)
          })
        })

        test('who is signed in and may not come in is refused, and not sent to sign in again', async () => {
          await it.gateway.asAdmin('/admin/apps', {
            method: 'POST',
            headers: { 'content-type': 'application/json' },
            body: JSON.stringify({
              host: new URL(it.appUrl).host,
              path_prefixes: ['/'],
              methods: ['session', 'key', 'jwt'],
            }),
          })
          const created = await it.gateway.asAdmin('/admin/apps', {
            method: 'POST',
            headers: { 'content-type': 'application/json' },
            body: JSON.stringify({
              host: new URL(it.appUrl).host,
              path_prefixes: ['/finance'],
              groups: ['finance'],
              methods: ['session', 'key', 'jwt'],
            }),
          })
          expect(created.status, await created.text()).toBe(201)
          await inFreshProfile(async (context) => {
            const page = await signInAt(context, '/open')
            const answer = await page.goto(`${it.appUrl}/finance/2026`)
            expect(answer?.status()).toBe(403)
            expect(page.url()).toBe(`${it.appUrl}/finance/2026`)
            expect(await page.getByRole('heading', { level: 1 }).innerText()).toContain('not open to you')
            expect(await page.innerText('body')).toContain(answer?.headers()['x-request-id'] ?? 'req_')
            expect(it.app.received.at(-1)?.target).toBe('/open')
          })
        })
      })
    },
    hosts,
  )
})
