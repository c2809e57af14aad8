import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Attacked, startAttackedGateway } from '../../support/attack.ts'
import { createCookieJar, pathOf } from '../../support/browser-like.ts'
import { openRedirectCorpus } from '../../support/open-redirect-corpus.ts'
import { postFrom, signInWrongForSession } from '../../support/signed-in.ts'
import { authorizeAt } from '../../support/wrong-issuer.ts'

const own = 'https://keys.corp.test'
const settings = {
  AUTH_BASE_URL: own,
  ALLOWED_DOMAINS: 'example.com',
  RETURN_TO_ORIGINS: 'https://app.corp.test,https://*.apps.corp.test',
  AUTH_RATE_LIMIT: 'off',
}

/** Whether a browser that is sent there from a page of ours stays where it may be. */
function isAllowed(location: string): boolean {
  const url = new URL(location, own)
  return (
    url.username === '' &&
    url.password === '' &&
    (url.origin === own ||
      url.origin === 'https://app.corp.test' ||
      (url.protocol === 'https:' && url.port === '' && url.hostname.endsWith('.apps.corp.test')))
  )
}

const encoded = (text: string) => encodeURIComponent(text.toWellFormed())

describe('none of more than 500 tricky URLs', () => {
  let context: Attacked
  beforeAll(async () => {
    context = await startAttackedGateway(settings)
  })
  afterAll(() => context.close())

  test('is a trick that this test would not see', () => {
    expect(openRedirectCorpus.length).toBeGreaterThan(500)
    for (const away of [
      '//evil.test',
      'https://evil.test',
      '/\\evil.test',
      'https://app.corp.test@evil.test',
    ])
      expect(isAllowed(away)).toBe(false)
  })

  test.each(['/auth/login', '/auth/login/google'])(
    'leads away from the callback after %s, nor puts anything into its header',
    async (path) => {
      let taken = 0
      for (const text of openRedirectCorpus) {
        const jar = createCookieJar(context.gateway)
        const login = await jar.fetch(`${path}?return_to=${encoded(text)}`)
        expect([302, 400], text).toContain(login.status)
        const location = login.headers.get('location')
        if (login.status === 400) {
          expect(location, text).toBeNull()
          expect(login.headers.getSetCookie(), text).toEqual([])
          continue
        }
        taken += 1
        expect(new URL(location ?? '').origin, text).toBe(context.wrong.issuer)
        expect(location, text).not.toContain('evil')
        const response = await jar.fetch(pathOf(await authorizeAt(location ?? '')))
        const place = response.headers.get('location') ?? ''
        expect(response.status, text).toBe(303)
        expect(isAllowed(place), `${text} leads to ${place}`).toBe(true)
        expect(place, text).toMatch(/^[!-~]+$/)
        const names = response.headers.getSetCookie().map((line) => line.slice(0, line.indexOf('=')))
        expect(
          names.filter((name) => !name.startsWith('__Host-keydesk')),
          text,
        ).toEqual([])
      }
      // Some are legal, or nothing was tested behind the first answer.
      expect(taken).toBeGreaterThan(20)
    },
    120_000,
  )

  test('leads away from signing out, or stops it being refused', async () => {
    const browser = await signInWrongForSession(context)
    for (const text of openRedirectCorpus)
      for (const path of ['/auth/logout', '/auth/logout/everywhere']) {
        const response = await postFrom(browser, `${path}?return_to=${encoded(text)}`, {
          accept: 'text/html',
        })
        expect(response.status, text).toBe(400)
        expect(response.headers.get('location'), text).toBeNull()
      }
    expect((await browser.jar.fetch('/auth/session')).status).toBe(200)
  }, 120_000)

  test('changes anything of the front page', async () => {
    const plain = (page: string) => page.replaceAll(/req_\w+/g, 'req')
    const usual = plain(await (await context.gateway.fetch('/')).text())
    for (const text of openRedirectCorpus) {
      const response = await context.gateway.fetch(`/?return_to=${encoded(text)}`)
      expect(response.status, text).toBe(200)
      expect(response.headers.get('location'), text).toBeNull()
      expect(plain(await response.text()) === usual, text).toBe(true)
    }
  })
})

describe('the page of several providers', () => {
  let context: Attacked
  beforeAll(async () => {
    context = await startAttackedGateway({
      ...settings,
      PROVIDER_OKTA_ISSUER: 'http://127.0.0.1:9',
      PROVIDER_OKTA_CLIENT_ID: 'keydesk',
      PROVIDER_OKTA_CLIENT_SECRET: 'w7Kq2ZrT9mXb4NcV',
    })
  })
  afterAll(() => context.close())

  test('makes of none of them a link that leads away, now or after the sign-in', async () => {
    let shown = 0
    for (const text of openRedirectCorpus) {
      const response = await context.gateway.fetch(`/auth/login?return_to=${encoded(text)}`, {
        headers: { accept: 'text/html' },
      })
      expect([200, 400], text).toContain(response.status)
      expect(response.headers.get('location'), text).toBeNull()
      const page = await response.text()
      expect(page, text).not.toMatch(/<script>alert|<img src=x/)
      for (const [, href = ''] of page.matchAll(/href="([^"]*)"/g)) {
        const url = new URL(href.replaceAll('&amp;', '&'), own)
        expect(url.origin, text).toBe(own)
        const returnTo = url.searchParams.get('return_to')
        if (returnTo !== null) {
          shown += 1
          expect(isAllowed(returnTo), `${text} becomes ${returnTo}`).toBe(true)
        }
      }
    }
    expect(shown).toBeGreaterThan(20)
  })

  test('has links that work with the longest return_to too', async () => {
    for (const returnTo of ['/'.padEnd(2500, 'a'), 'https://app.corp.test/'.padEnd(2500, 'a')]) {
      const response = await context.gateway.fetch(`/auth/login?return_to=${encoded(returnTo)}`)
      const [, href = ''] = /href="(\/auth\/login\/google[^"]*)"/.exec(await response.text()) ?? []
      expect((await context.gateway.fetch(href.replaceAll('&amp;', '&'))).status).toBe(302)
    }
  })
})
