import { describe, expect, test } from 'vitest'
import { normalHost } from '../../src/domain/app-host.ts'
import { type ProxyName, readForwardedRequest } from '../../src/domain/forwarded-request.ts'
import { type AskedOfApp, callOf, proxies } from '../support/verify.ts'

type Line = readonly [name: string, value: string]

/** Reads what a proxy sends, after `change` has been made to its lines. */
function read(
  proxy: ProxyName,
  asked: AskedOfApp = {},
  change: (lines: Line[]) => Line[] = (lines) => lines,
) {
  const call = callOf(proxy, asked)
  const lines = change(call.headers.map(([name, value]): Line => [name, String(value)]))
  return readForwardedRequest(proxy, {
    method: call.method,
    rest: call.path.slice(`/auth/verify/${proxy}`.length),
    lines: { of: (name) => lines.filter(([own]) => own.toLowerCase() === name).map(([, value]) => value) },
    normalHost,
  })
}
const told = (proxy: ProxyName) => callOf(proxy).headers.filter(([name]) => name !== 'X-Forwarded-For')

describe.each(proxies)('what %s says that was asked', (proxy) => {
  test('is read as it came: method, scheme, host, path and query', () => {
    expect(read(proxy, { method: 'PATCH', target: '/a%2Fb/c?d=%2B&e=f%23&g=?x' })).toEqual({
      request: {
        method: 'PATCH',
        scheme: 'https',
        host: 'app.example.com',
        origin: 'https://app.example.com',
        target: '/a%2Fb/c?d=%2B&e=f%23&g=?x',
        path: '/a%2Fb/c',
        query: '?d=%2B&e=f%23&g=?x',
      },
      demands: '',
    })
  })

  test('keeps our own parameters apart from those of the app', () => {
    const asked = { demands: 'scope=a&group=b', target: '/x?scope=c&target=/y&unknown=1' }
    expect(read(proxy, asked)).toMatchObject({
      request: { path: '/x', query: '?scope=c&target=/y&unknown=1' },
      demands: '?scope=a&group=b',
    })
  })

  test.each([
    ['APP.Example.COM', 'https', 'app.example.com'],
    ['app.example.com.', 'https', 'app.example.com'],
    ['app.example.com:443', 'https', 'app.example.com'],
    ['App.Example.com.:443', 'https', 'app.example.com'],
    ['app.example.com:80', 'http', 'app.example.com'],
    ['app.example.com:80', 'https', 'app.example.com:80'],
    ['app.example.com:443', 'http', 'app.example.com:443'],
    ['app.example.com:8443', 'https', 'app.example.com:8443'],
    ['localhost:3000', 'http', 'localhost:3000'],
    ['192.0.2.1', 'http', '192.0.2.1'],
    ['[2001:db8::1]:8443', 'https', '[2001:db8::1]:8443'],
  ])('has one form of a host: %s over %s is %s', (host, scheme, normal) => {
    const reading = read(proxy, { host, scheme })
    expect(reading).toMatchObject({ request: { host: normal, origin: `${scheme}://${normal}` } })
  })

  test.each([
    '',
    'app.example.com@evil.test',
    'user:pw@app.example.com',
    'app.example.com:0',
    'app.example.com:65536',
    'app.example.com:port',
    'app.example.com:',
    'app.example.com evil.test',
    'app.example.com,evil.test',
    'app.example.com\\evil.test',
    'app.example.com?x',
    'app.example.com#x',
    '.app.example.com',
    'app..example.com',
    'app.example.com..',
    '*.example.com',
    '2130706433',
    '0x7f.1',
    'bücher.example',
    '[::1',
    '::1',
    'a'.repeat(300),
  ])('is a problem where the host is %j', (host) => {
    expect(read(proxy, { host })).toHaveProperty('problem')
  })

  test.each([
    'reports',
    '',
    'https://evil.test/',
    '*',
    '?x=1',
    '/a b',
    '/a\u0000b',
    '/a\tb',
    '/a#b',
    '/a\u007fb',
  ])('is a problem where the target is %j', (target) => {
    // Behind a host another target is another host, which is a problem too.
    if (proxy === 'envoy' && target === '?x=1') return
    expect(read(proxy, { target })).toHaveProperty('problem')
  })

  test.each(['ftp', 'HTTPS', 'javascript', 'https,http', 'https://', '', 'file'])(
    'is a problem where the scheme is %j',
    (scheme) => expect(read(proxy, { scheme })).toHaveProperty('problem'),
  )

  test.each(['', 'GE T', 'GET\u0000', 'GÉT', 'GET,POST', '(', 'x'.repeat(65)])(
    'is a problem where the method is %j',
    (method) => expect(read(proxy, { method })).toHaveProperty('problem'),
  )

  test.each(told(proxy).map(([name]) => name))('needs %s exactly once, and not empty', (name) => {
    const without = (lines: Line[]) => lines.filter(([own]) => own !== name)
    const value = String(told(proxy).find(([own]) => own === name)?.[1])
    const problem = { problem: expect.stringContaining(`${name.toLowerCase()} has to be sent exactly once`) }
    expect(read(proxy, {}, without)).toEqual(problem)
    expect(read(proxy, {}, (lines) => [...lines, [name, value]])).toEqual(problem)
    expect(read(proxy, {}, (lines) => [...lines, [name.toUpperCase(), 'x']])).toEqual(problem)
    expect(read(proxy, {}, (lines) => [...without(lines), [name, '']])).toEqual(problem)
    const underscored: Line = [name.replaceAll('-', '_').concat('_'), value]
    expect(read(proxy, {}, (lines) => [...without(lines), underscored])).toEqual(problem)
  })
})

describe('what one proxy alone does', () => {
  test('nginx: the URL is one, and what follows the host is the target', () => {
    const url = (value: string) => (lines: Line[]) =>
      lines.map(([name, own]): Line => [name, name === 'X-Original-URL' ? value : own])
    expect(read('nginx', {}, url('https://a.test//b?c=https://d'))).toMatchObject({
      request: { host: 'a.test', target: '//b?c=https://d' },
    })
    for (const value of [
      '/a',
      '//a.test/b',
      'https:/a.test/b',
      'https://a.test',
      'https:///b',
      '://a.test/b',
    ])
      expect(read('nginx', {}, url(value)), value).toHaveProperty('problem')
  })

  test('Traefik: a WebSocket has the scheme of the request that opens it', () => {
    expect(read('traefik', { scheme: 'wss' })).toMatchObject({
      request: { origin: 'https://app.example.com' },
    })
    expect(read('traefik', { scheme: 'ws' })).toMatchObject({ request: { scheme: 'http' } })
    expect(read('caddy', { scheme: 'wss' })).toHaveProperty('problem')
  })

  test('Envoy: everything after the first target= is the app’s, and without demands everything is', () => {
    const of = (rest: string) =>
      readForwardedRequest('envoy', {
        method: 'GET',
        rest,
        lines: { of: (name) => (name === 'host' ? ['a.test'] : ['https']) },
        normalHost,
      })
    expect(of('/x?scope=a&target=/y')).toMatchObject({
      request: { target: '/x?scope=a&target=/y' },
      demands: '',
    })
    expect(of('?target=/x&scope=a')).toMatchObject({ request: { target: '/x&scope=a' }, demands: '' })
    expect(of('?scope=a&target=/x?target=/y')).toMatchObject({
      request: { target: '/x?target=/y' },
      demands: '?scope=a',
    })
    for (const rest of ['', '?', '?scope=a', '?scope=a&target=', '?scope=a&target=x', '?xtarget=/x'])
      expect(of(rest), rest).toHaveProperty('problem')
  })
})
