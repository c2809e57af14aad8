import { expect, test } from 'vitest'
import { isGroup } from '../../src/domain/groups.ts'

test.each(['a', '0', 'ops', 'team/ops:eu-1_x.y', 'a'.repeat(64)])('%j is a group', (text) => {
  expect(isGroup(text)).toBe(true)
})

test.each([
  '',
  ' ',
  'Ops',
  'o ps',
  '-ops',
  '.ops',
  '/ops',
  '_ops',
  'öps',
  'ops,dev',
  'ops;dev',
  'ops\n',
  'ops\r\nX-Evil: 1',
  'ops\u0000',
  '"ops"',
  'a'.repeat(65),
])('%j is none: a group is safe in a header, a list and a query', (text) => {
  expect(isGroup(text)).toBe(false)
})
