import { describe, expect, test } from 'vitest'
import type { ForwardedRequest } from '../../src/domain/forwarded-request.ts'
import { type Approach, approachOf, type RequestMarks, wayIn } from '../../src/domain/navigation.ts'
import { parseReturnOrigin } from '../../src/domain/return-to.ts'
import { otherProxies, proxies } from '../support/verify.ts'

const silent: RequestMarks = {
  secFetchMode: undefined,
  requestedWith: undefined,
  accept: undefined,
  contentType: undefined,
  upgrade: undefined,
  webSocketKey: undefined,
}
const html = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8'

describe('what a request is', () => {
  test.each<[string, Partial<RequestMarks>, Approach]>([
    ['a navigation', { secFetchMode: 'navigate', accept: html }, 'navigation'],
    [
      'a navigation of a browser that accepts anything',
      { secFetchMode: 'navigate', accept: '*/*' },
      'navigation',
    ],
    ['a fetch', { secFetchMode: 'cors', accept: '*/*' }, 'call'],
    ['a fetch that wants a page', { secFetchMode: 'cors', accept: html }, 'call'],
    ['an image', { secFetchMode: 'no-cors', accept: 'image/avif,*/*' }, 'call'],
    ['a mode that was sent twice', { secFetchMode: 'navigate, navigate', accept: html }, 'call'],
    ['a mode that is empty', { secFetchMode: '', accept: html }, 'call'],
    ['XHR of an old browser', { requestedWith: 'XMLHttpRequest', accept: html }, 'call'],
    ['XHR in other letters', { requestedWith: 'xmlhttprequest', accept: html }, 'call'],
    ['an old browser', { accept: html }, 'navigation'],
    ['an app of another mark', { requestedWith: 'com.example.app', accept: html }, 'navigation'],
    ['JSON', { accept: 'application/json' }, 'call'],
    ['what only looks like a page', { accept: 'text/html-x, application/json' }, 'call'],
    ['curl', { accept: '*/*' }, 'unknown'],
    ['curl with a weight', { accept: '*/*;q=0.8' }, 'unknown'],
    ['nothing at all', {}, 'unknown'],
    ['an empty Accept', { accept: '' }, 'unknown'],
    ['a WebSocket', { upgrade: 'websocket', accept: html, secFetchMode: 'navigate' }, 'call'],
    ['a WebSocket whose proxy drops Upgrade', { webSocketKey: 'x', accept: html }, 'call'],
    ['a WebSocket by Fetch Metadata', { secFetchMode: 'websocket' }, 'call'],
    ['gRPC', { contentType: 'application/grpc+proto', accept: html }, 'call'],
    ['gRPC from a page', { contentType: 'application/grpc-web', secFetchMode: 'navigate' }, 'call'],
  ])('%s', (_, marks, approach) => {
    expect(approachOf({ ...silent, ...marks })).toBe(approach)
  })
})

describe('where whoever shows nothing is led', () => {
  const baseUrl = 'https://keys.example.com'
  const site = {
    baseUrl,
    returnOrigins: [parseReturnOrigin('https://app.example.com', () => false)].filter((one) => one !== null),
    canSignIn: true,
  }
  const asked = (target: string, method = 'GET', origin = 'https://app.example.com'): ForwardedRequest => {
    const [path = ''] = target.split('?')
    const [scheme = '', host = ''] = origin.split('://')
    const query = target.slice(path.length)
    return { method, scheme: scheme === 'http' ? 'http' : 'https', host, origin, target, path, query }
  }
  /** Where the sign-in goes on to. */
  const returnTo = (location: string | null) => {
    const url = new URL(location ?? '')
    expect(url.origin + url.pathname).toBe(`${baseUrl}/auth/login`)
    expect([...url.searchParams.keys()]).toEqual(['return_to'])
    return url.searchParams.get('return_to')
  }

  test.each([
    ['GET', 302],
    ['HEAD', 302],
    ['POST', 303],
    ['PUT', 303],
    ['DELETE', 303],
  ])('%s is sent to the sign-in by %i', (method, status) => {
    for (const proxy of otherProxies) {
      const way = wayIn(proxy, 'navigation', asked('/a?b=c', method), site)
      expect(way).toMatchObject({ kind: 'redirect', status })
      // What changes something is never sent again.
      const target = status === 302 ? '/a?b=c' : '/'
      expect(returnTo(way.kind === 'redirect' ? way.location : '')).toBe(`https://app.example.com${target}`)
    }
  })

  test('nginx gets a 401 with the same address', () => {
    for (const [method, target] of [
      ['GET', '/a?b=c'],
      ['POST', '/'],
    ] as const) {
      const way = wayIn('nginx', 'navigation', asked('/a?b=c', method), site)
      expect(way.kind).toBe('unauthenticated')
      expect(returnTo(way.kind === 'unauthenticated' ? way.location : '')).toBe(
        `https://app.example.com${target}`,
      )
    }
  })

  test('a call is led nowhere; of whom nothing is known nginx is told where the desk is, without a target', () => {
    for (const proxy of proxies) {
      expect(wayIn(proxy, 'call', asked('/a'), site)).toEqual({ kind: 'unauthenticated', location: null })
      const location = proxy === 'nginx' ? `${baseUrl}/auth/login?return_to=%2F` : null
      expect(wayIn(proxy, 'unknown', asked('/a'), site)).toEqual({ kind: 'unauthenticated', location })
    }
  })

  test.each([
    ['/a?b=1&c=2&d=%26', '/a?b=1&c=2&d=%26'],
    ['/a?b=%2B+c', '/a?b=%2B+c'],
    ['/a%23b?c=%23', '/a%23b?c=%23'],
    ['/%C3%BC/%E6%9D%8E?x=%F0%9F%94%91', '/%C3%BC/%E6%9D%8E?x=%F0%9F%94%91'],
    ['/a?return_to=https://evil.test/&x', '/a?return_to=https://evil.test/&x'],
    ['//evil.test/a', '//evil.test/a'],
    // What no URL may hold, and browsers send all the same, says the same when it is encoded.
    ['/a?b={c}|d^`', '/a?b=%7Bc%7D%7Cd%5E%60'],
    ['/a?"<>\\', '/a?%22%3C%3E%5C'],
    ['/\u00c3\u00bc', '/%C3%BC'],
  ])('the target %s comes back as %s', (target, back) => {
    const way = wayIn('caddy', 'navigation', asked(target), site)
    expect(returnTo(way.kind === 'redirect' ? way.location : '')).toBe(`https://app.example.com${back}`)
    expect(way.kind === 'redirect' ? way.location : '').toMatch(/^[!-~]+$/)
  })

  test('a URL that is too long to come back to leads to the front of the app', () => {
    const way = wayIn('caddy', 'navigation', asked(`/a?b=${'c'.repeat(3000)}`), site)
    expect(returnTo(way.kind === 'redirect' ? way.location : '')).toBe('https://app.example.com/')
  })

  test.each(['https://other.example.com', 'http://app.example.com', 'https://app.example.com:8443'])(
    'nobody is sent to a sign-in that cannot send them back: %s',
    (origin) => {
      for (const proxy of proxies) {
        for (const method of ['GET', 'POST'])
          expect(wayIn(proxy, 'navigation', asked('/', method, origin), site)).toEqual({
            kind: 'no_way_back',
          })
        expect(wayIn(proxy, 'call', asked('/', 'GET', origin), site).kind).toBe('unauthenticated')
      }
    },
  )

  test('where nobody can sign in nobody is sent to it', () => {
    for (const proxy of proxies)
      for (const approach of ['navigation', 'unknown', 'call'] as const)
        expect(wayIn(proxy, approach, asked('/'), { ...site, canSignIn: false })).toEqual({
          kind: 'unauthenticated',
          location: null,
        })
  })
})
