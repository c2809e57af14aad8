import { describe, expect, test } from 'vitest'
import { callerOf, isAddressWithin, parseRange } from '../../src/domain/client-address.ts'

const ranges = (...texts: string[]) => texts.map(parseRange).filter((range) => range !== null)
const trusted = ranges('10.0.0.0/8', '::1', '2001:db8:1::/48')

describe("the client's address", () => {
  test.each([
    ['no header', undefined, '10.0.0.1'],
    ['an empty header', '', '10.0.0.1'],
    ['a blank header', '  ', '10.0.0.1'],
    ['one client', '192.0.2.7', '192.0.2.7'],
    ['white space around it', '  192.0.2.7\t', '192.0.2.7'],
    ['the rightmost untrusted entry, whatever the client wrote before it', '1.2.3.4, 192.0.2.7', '192.0.2.7'],
    ['trusted proxies on the way are skipped', '192.0.2.7, 10.9.9.9, 10.8.8.8', '192.0.2.7'],
    ['a trusted address that the client claims in front', '10.9.9.9, 192.0.2.7', '192.0.2.7'],
    ['garbage to the left of the answer is never looked at', "x' OR 1=1, 192.0.2.7", '192.0.2.7'],
    ['only trusted entries: the leftmost', '10.3.3.3, 10.2.2.2', '10.3.3.3'],
    ['a port on IPv4', '192.0.2.7:4711', '192.0.2.7'],
    ['IPv6', '2001:db8::7', '2001:db8::7'],
    ['IPv6 in its canonical form', '2001:DB8:0:0::0007', '2001:db8::7'],
    ['IPv6 in brackets', '[2001:db8::7]', '2001:db8::7'],
    ['IPv6 in brackets with a port', '[2001:db8::7]:4711', '2001:db8::7'],
    ['IPv4 mapped to IPv6 is IPv4', '::ffff:192.0.2.7', '192.0.2.7'],
    ['a trusted IPv4 mapped to IPv6 is trusted', '192.0.2.7, ::ffff:10.2.2.2', '192.0.2.7'],
    ['trusted IPv6', '192.0.2.7, 2001:db8:1::5', '192.0.2.7'],
  ])('%s', (_, header, address) => {
    expect(callerOf('10.0.0.1', header, trusted)).toEqual({ address, viaTrustedProxy: true })
  })

  test.each([
    ...[
      'unknown',
      '_hidden',
      'localhost',
      'for=192.0.2.7',
      '"192.0.2.7"',
      ',',
      '192.0.2.7,',
      '192.0.2.7, ,10.0.0.2',
    ],
    ...[
      '256.1.1.1',
      '1.2.3',
      '1.2.3.4.5',
      '0177.0.0.1',
      '0x7f.0.0.1',
      '2130706433',
      '1.2.3.4/8',
      '1.2.3.4.',
      '-1.2.3.4',
    ],
    ...[
      '[::1',
      '::1]',
      ':::1',
      '1:2',
      '12345::',
      '[2001:db8::7]x',
      '192.0.2.7:',
      '192.0.2.7:port',
      '١.٢.٣.٤',
    ],
    ...[
      '\u0000',
      '192.0.2.7\u0000',
      "'; DROP TABLE users; --",
      'x'.repeat(10_000),
      '<script>',
      '192.0.2.7;10.0.0.1',
    ],
  ])('a trusted peer that sends %j gets no guess', (header) => {
    expect(callerOf('10.0.0.1', header, trusted)).toBeNull()
  })

  test.each(['::ffff:0x7f.0.0.1', '::ffff:0177.0.0.1', '::1.2.3.4'])(
    'the IPv4 part of %s is no four decimal parts of a mapped address, so it is refused',
    (header) => {
      expect(callerOf('10.0.0.1', header, trusted)).toBeNull()
    },
  )

  test.each(['192.0.2.7', undefined, 'garbage', '10.0.0.1', ''])(
    'an untrusted peer that sends %j is its own address',
    (header) => {
      expect(callerOf('203.0.113.9', header, trusted)).toEqual({
        address: '203.0.113.9',
        viaTrustedProxy: false,
      })
    },
  )

  test('nobody is trusted when no range is given', () => {
    expect(callerOf('127.0.0.1', '192.0.2.7', [])).toEqual({ address: '127.0.0.1', viaTrustedProxy: false })
  })

  test('a peer in mapped form is trusted by its IPv4 range', () => {
    expect(callerOf('::ffff:10.0.0.1', '192.0.2.7', trusted)).toEqual({
      address: '192.0.2.7',
      viaTrustedProxy: true,
    })
  })

  test('a connection without an address is nobody, and trusts no header', () => {
    expect(callerOf(undefined, '192.0.2.7', trusted)).toEqual({ address: null, viaTrustedProxy: false })
  })

  test('a long header costs little', () => {
    const begunAt = performance.now()
    callerOf('10.0.0.1', '10.1.1.1,'.repeat(20_000).concat('10.1.1.1'), trusted)
    expect(performance.now() - begunAt).toBeLessThan(1000)
  })
})

describe('a range of trusted proxies', () => {
  const isTrusted = (peer: string, range: string) => callerOf(peer, undefined, ranges(range))?.viaTrustedProxy

  test.each([
    ['10.0.0.0/8', '10.255.255.255', true],
    ['10.0.0.0/8', '11.0.0.0', false],
    ['192.0.2.7', '192.0.2.7', true],
    ['192.0.2.7', '192.0.2.8', false],
    ['0.0.0.0/0', '203.0.113.9', true],
    ['0.0.0.0/0', '2001:db8::1', false],
    ['::/0', '203.0.113.9', false],
    ['::ffff:10.0.0.0/104', '10.1.1.1', true],
    ['::ffff:10.0.0.0/104', '11.1.1.1', false],
    ['2001:db8::/32', '2001:db8:ffff::1', true],
  ])('%s holds %s: %s', (range, peer, held) => {
    expect(isTrusted(peer, range)).toBe(held)
  })

  test.each([
    '',
    '*',
    'localhost',
    '10.0.0.0/33',
    '10.0.0.0/-1',
    '10.0.0.0/',
    '/8',
    '10.0.0.0/8/8',
    '::ffff:0:0/95',
    '10.0.0.0/ 8',
  ])('%j is none', (text) => {
    expect(parseRange(text)).toBeNull()
  })

  // Read as 0.0.0.10/8 by the library: whoever writes it means 10.0.0.0/8 and would trust nobody, or somebody else.
  test.each(['10/8', '10.1/16', '0x0a.0.0.0/8', '012.0.0.0/8'])(
    'the short, hex or octal form %s is refused',
    (text) => {
      expect(parseRange(text)).toBeNull()
    },
  )
})

describe('whether an address is within ranges', () => {
  test.each([
    ['192.0.2.7', ['192.0.2.7'], true],
    ['192.0.2.8', ['192.0.2.7'], false],
    ['192.0.2.8', ['192.0.2.7', '192.0.2.8'], true],
    ['192.0.2.255', ['192.0.2.0/24'], true],
    ['192.0.3.0', ['192.0.2.0/24'], false],
    ['192.0.2.129', ['192.0.2.128/25'], true],
    ['192.0.2.127', ['192.0.2.128/25'], false],
    // The bits behind the prefix say nothing.
    ['192.0.2.1', ['192.0.2.200/24'], true],
    ['203.0.113.9', ['0.0.0.0/0'], true],
    ['2001:db8::1', ['0.0.0.0/0'], false],
    ['203.0.113.9', ['::/0'], false],
    ['2001:db8::1', ['::/0'], true],
    ['2001:db8::1', ['2001:db8::/32'], true],
    ['2001:db9::1', ['2001:db8::/32'], false],
    ['2001:db8:0:0::1', ['2001:db8::1'], true],
    ['2001:db8::2', ['192.0.2.0/24', '2001:db8::/126'], true],
    ['2001:db8::4', ['192.0.2.0/24', '2001:db8::/126'], false],
    ['192.0.2.7', ['::ffff:192.0.2.0/120'], true],
    ['::ffff:192.0.2.7', ['192.0.2.0/24'], true],
    ['::ffff:192.0.3.7', ['192.0.2.0/24'], false],
    ['127.0.0.1', ['::1'], false],
  ])('%s in %j: %s', (address, texts, held) => {
    expect(isAddressWithin(address, ranges(...texts))).toBe(held)
  })

  test.each([
    null,
    '',
    ' 192.0.2.7',
    'garbage',
    '192.0.2',
    '0300.0.2.7',
    '3221225991',
    'fe80::1%eth0',
    '192.0.2.7:4711',
    '192.0.2.7/32',
    '[2001:db8::1]',
  ])('%j is no address, so it is in no range at all', (address) => {
    expect(isAddressWithin(address, ranges('0.0.0.0/0', '::/0'))).toBe(false)
  })

  test('no ranges hold nobody', () => {
    for (const address of ['127.0.0.1', '::1', null]) expect(isAddressWithin(address, [])).toBe(false)
  })
})
