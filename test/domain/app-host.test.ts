import { describe, expect, test } from 'vitest'
import { hostName, normalHost } from '../../src/domain/app-host.ts'

describe('a host as it is compared', () => {
  test.each([
    ['app.example.com', 'app.example.com'],
    ['APP.Example.COM', 'app.example.com'],
    ['app.example.com.', 'app.example.com'],
    ['app.example.com:443', 'app.example.com'],
    ['app.example.com:80', 'app.example.com'],
    ['app.example.com.:443', 'app.example.com'],
    ['app.example.com:8443', 'app.example.com:8443'],
    ['xn--bcher-kva.example', 'xn--bcher-kva.example'],
    ['my_app.internal', 'my_app.internal'],
    ['localhost:3000', 'localhost:3000'],
    ['10.0.0.7', '10.0.0.7'],
    ['[2001:DB8::1]:8443', '[2001:db8::1]:8443'],
    ['[::1]', '[::1]'],
    ['a.b:65535', 'a.b:65535'],
  ])('%s is %s where no scheme is known', (text, host) => {
    expect(normalHost(text)).toBe(host)
  })

  test.each([
    ['https', 'app.example.com:443', 'app.example.com'],
    ['https', 'app.example.com:80', 'app.example.com:80'],
    ['http', 'app.example.com:80', 'app.example.com'],
    ['http', 'app.example.com:443', 'app.example.com:443'],
  ] as const)('over %s, %s is %s: only the default port of the scheme goes', (scheme, text, host) => {
    expect(normalHost(text, scheme)).toBe(host)
  })

  test.each([
    '',
    ' ',
    '.',
    '..',
    'app.example.com..',
    '.app.example.com',
    'app..example.com',
    '-app.example.com',
    'https://app.example.com',
    '//app.example.com',
    'app.example.com/',
    'app.example.com/path',
    'app.example.com?x',
    'app.example.com#x',
    'user@app.example.com',
    'user:pass@app.example.com',
    'app.example.com, evil.test',
    'app.example.com,evil.test',
    'app.example.com evil.test',
    ' app.example.com',
    'app.example.com\n',
    'app.example.com\u0000',
    'app.example.com:',
    'app.example.com:0',
    'app.example.com:08443',
    'app.example.com:65536',
    'app.example.com:99999',
    'app.example.com:80:80',
    'app.example.com:+80',
    'app.example.com:x',
    '*.example.com',
    'app%2eexample.com',
    'bücher.example',
    'app．example.com',
    'xn--a',
    '127.1',
    '0x7f.0.0.1',
    '1.2.3.256',
    '010.0.0.1',
    '::1',
    '[::1',
    '[0:0::1]',
    '[::1]x',
    '[fe80::1%25eth0]',
    `${'a'.repeat(254)}`,
  ])('%j is no host', (text) => {
    for (const scheme of [null, 'http', 'https'] as const) expect(normalHost(text, scheme)).toBeNull()
  })

  test.each([
    ['app.example.com:8443', 'app.example.com'],
    ['app.example.com', 'app.example.com'],
    ['[::1]:8443', '[::1]'],
    ['[::1]', '[::1]'],
  ])('the name of %s is %s', (host, name) => {
    expect(hostName(host)).toBe(name)
  })
})
