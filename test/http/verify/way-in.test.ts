import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createCookieJar, pathOf } from '../../support/browser-like.ts'
import { subjectOf } from '../../support/sign-in.ts'
import { signInAtProvider } from '../../support/stand-in-provider.ts'
import { app, byBrowser, otherProxies, proxies, refusalOf } from '../../support/verify.ts'
import { startVerifyContext, type VerifyContext } from './verify-context.ts'

let context: VerifyContext
beforeAll(async () => {
  context = await startVerifyContext({ ADMIN_CONTACT: 'desk@example.com' })
})
afterAll(() => context?.close())

const loginTo = (returnTo: string) =>
  `${context.gateway.url}/auth/login?return_to=${encodeURIComponent(returnTo)}`
const dead = ['Cookie', `__Host-keydesk=${'A'.repeat(43)}`] as const

describe('a browser that goes there without a credential', () => {
  test.each(otherProxies)('%s: is sent to the sign-in with the whole URL, by 302', async (proxy) => {
    for (const headers of [byBrowser, [['Accept', 'text/html']] as const, [...byBrowser, dead]]) {
      for (const method of ['GET', 'HEAD']) {
        const target = '/a/%C3%BC?x=1&y=%2B&z=%23#'.slice(0, -1)
        const answer = await context.ask(proxy, { method, target, headers })
        expect([answer.status, answer.body]).toEqual([302, ''])
        expect(answer.headers.location).toBe(loginTo(`${app}${target}`))
        expect(answer.headers).toMatchObject({
          'cache-control': 'no-store',
          'x-auth-error': 'unauthenticated',
        })
        expect(answer.headers).not.toHaveProperty('set-cookie')
      }
    }
  })

  test.each(otherProxies)('%s: a form is never sent again: 303, and back to the front', async (proxy) => {
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) {
      const answer = await context.ask(proxy, { method, target: '/pay?sum=1', headers: byBrowser })
      expect([answer.status, answer.headers.location]).toEqual([303, loginTo(`${app}/`)])
    }
  })

  test('nginx: is 401 with the same address, which error_page makes a redirect of', async () => {
    const get = await context.ask('nginx', { target: '/a?x=1&y=%2B', headers: byBrowser })
    expect(refusalOf(get)).toEqual([401, 'unauthenticated'])
    expect(get.headers.location).toBe(loginTo(`${app}/a?x=1&y=%2B`))
    const post = await context.ask('nginx', { method: 'POST', target: '/pay', headers: byBrowser })
    expect([post.status, post.headers.location]).toEqual([401, loginTo(`${app}/`)])
  })

  test('comes back to what was asked, byte for byte, once signed in', async () => {
    const target = '/reports/%C3%BC?a=1&b=%2B&c=%23&d=%26&e=%25&f=a+b'
    const { headers } = await context.ask('caddy', { target, headers: byBrowser })
    const jar = createCookieJar(context.gateway)
    const login = await jar.fetch(pathOf(headers.location ?? ''))
    const subject = subjectOf(context.signIn.standIn, 'alice@example.com')
    const back = await signInAtProvider(login.headers.get('location') ?? '', subject)
    const done = await jar.fetch(pathOf(back))
    expect([done.status, done.headers.get('location')]).toEqual([303, `${app}${target}`])
    const cookie = ['Cookie', `__Host-keydesk=${jar.cookies.get('__Host-keydesk')}`] as const
    expect((await context.ask('caddy', { target, headers: [cookie] })).status).toBe(200)
  })

  test.each(proxies)('%s: is told what to set where nobody may be sent back', async (proxy) => {
    for (const host of ['other.example.com', 'app.example.com:8443']) {
      const answer = await context.ask(proxy, { host, headers: byBrowser })
      expect([answer.status, answer.headers['x-auth-error']]).toEqual([403, 'forbidden'])
      expect(answer.headers).not.toHaveProperty('location')
      expect(answer.body).toContain(`add https://${host} to RETURN_TO_ORIGINS`)
    }
  })
})

describe.each(proxies)('a program without a credential, for %s', (proxy) => {
  test.each([
    ['fetch', [['Sec-Fetch-Mode', 'cors']]],
    [
      'a fetch that wants a page',
      [
        ['Sec-Fetch-Mode', 'same-origin'],
        ['Accept', 'text/html'],
      ],
    ],
    [
      'XHR',
      [
        ['X-Requested-With', 'XMLHttpRequest'],
        ['Accept', 'text/html'],
      ],
    ],
    ['JSON', [['Accept', 'application/json']]],
    [
      'a WebSocket',
      [
        ['Upgrade', 'websocket'],
        ['Connection', 'Upgrade'],
        ['Accept', 'text/html'],
      ],
    ],
    [
      'a WebSocket by its key',
      [
        ['Sec-WebSocket-Key', 'x'],
        ['Accept', 'text/html'],
      ],
    ],
    [
      'gRPC',
      [
        ['Content-Type', 'application/grpc'],
        ['Accept', 'text/html'],
      ],
    ],
  ] as const)('%s is 401 with a problem, and led nowhere', async (_, headers) => {
    for (const method of ['GET', 'POST']) {
      const answer = await context.ask(proxy, { method, headers: [...headers, dead] })
      expect(refusalOf(answer)).toEqual([401, 'unauthenticated'])
      expect(answer.headers['content-type']).toBe('application/problem+json')
      expect(answer.headers['www-authenticate']).toBe('Bearer realm="keydesk"')
      expect(answer.headers).not.toHaveProperty('location')
      expect(answer.headers).not.toHaveProperty('set-cookie')
    }
  })

  test('curl is 401; nginx is told where the desk is, and no target that would be followed', async () => {
    for (const headers of [[], [['Accept', '*/*']] as const]) {
      const answer = await context.ask(proxy, { headers })
      expect(refusalOf(answer)).toEqual([401, 'unauthenticated'])
      const desk = `${context.gateway.url}/auth/login?return_to=%2F`
      expect(answer.headers.location).toBe(proxy === 'nginx' ? desk : undefined)
    }
  })
})
