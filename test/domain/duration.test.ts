import { describe, expect, test } from 'vitest'
import { parseDuration } from '../../src/domain/duration.ts'

describe('a duration', () => {
  test.each([
    ['1s', 1],
    ['45s', 45],
    ['10m', 600],
    ['12h', 43_200],
    ['30d', 2_592_000],
    ['36500d', 36_500 * 86_400],
  ])('%s is %i seconds', (text, seconds) => {
    expect(parseDuration(text)).toBe(seconds)
  })

  // TTL 0, negative or overflowing must never become "never".
  test.each([
    ...[
      '',
      '0',
      '0s',
      '00d',
      '01d',
      '-1d',
      '+1d',
      '1.5h',
      '1e3s',
      '30',
      'd',
      '30D',
      '30 d',
      ' 30d',
      '30d ',
      '30d\n',
    ],
    ...[
      '30dd',
      '1h30m',
      'never',
      'Infinity',
      'NaN',
      '1w',
      '1y',
      '1ms',
      '٣0d',
      '36501d',
      '999999999d',
      '9999999999s',
    ],
    ...['9'.repeat(400).concat('s'), '0x10s', 'PT10M', '1d;'],
  ])('%j is refused', (text) => {
    expect(parseDuration(text)).toBeNull()
  })
})
