import { describe, expect, test } from 'vitest'
import { readCursor, toPage, writeCursor } from '../../src/domain/page-cursor.ts'

const at = new Date('2027-03-01T10:00:00.123Z')

describe('a page cursor', () => {
  test.each(['4fT9kQz0WmX2', 'usr_abc', '17', 'a'.repeat(64)])(
    'with the id %s reads back as written',
    (id) => {
      expect(readCursor(writeCursor({ at, id }))).toEqual({ at, id })
    },
  )

  test('is safe in a URL as it is', () => {
    expect(writeCursor({ at, id: 'usr_abc-_' })).toMatch(/^[A-Za-z0-9_-]+$/)
  })

  const encoded = (text: string) => Buffer.from(text).toString('base64url')
  test.each([
    ...[
      '',
      'x',
      'garbage',
      '\u0000',
      'é',
      ' ',
      `${encoded('1:a')}=`,
      ` ${encoded('1:a')}`,
      `${encoded('1:a')}\n`,
    ],
    ...['1:', ':a', 'a:1', '1:a:b', '-1:a', '1.5:a', '1e9:a', '1:a b', "1:a'--", '1:é', '1:\u0000'].map(
      encoded,
    ),
    ...[`1:${'a'.repeat(65)}`, '1'.repeat(16).concat(':a'), ' 1:a', '1:a\n', '٣:a'].map(encoded),
    encoded('1:ab').replace(/.$/, (last) => String.fromCharCode(last.charCodeAt(0) + 1)),
  ])('%j is none of ours', (text) => {
    expect(readCursor(text)).toBeNull()
  })

  test('a page shows what was asked, and names where the next begins only when there is more', () => {
    const rows = ['c', 'b', 'a']
    const cursorOf = (id: string) => ({ at, id })
    expect(toPage(rows, 2, cursorOf)).toEqual({ rows: ['c', 'b'], nextCursor: writeCursor({ at, id: 'b' }) })
    expect(toPage(rows, 3, cursorOf)).toEqual({ rows, nextCursor: null })
    expect(toPage([], 3, cursorOf)).toEqual({ rows: [], nextCursor: null })
  })
})
