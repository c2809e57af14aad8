import { expect, test } from 'vitest'
import { identityHeaders } from '../../src/domain/identity-headers.ts'

const nobodyKnown = { id: 'usr_1', email: null, name: null, role: 'member', groups: [] }
const of = (user: object, family: 'x-auth-request' | 'remote' = 'x-auth-request') =>
  identityHeaders({ user: { ...nobodyKnown, ...user }, method: 'session', keyId: null, scopes: [] }, family)

test('every header is there, empty where nothing is known', () => {
  expect(of({})).toEqual({
    'X-Auth-Request-User': 'usr_1',
    'X-Auth-Request-Email': '',
    'X-Auth-Request-Name': '',
    'X-Auth-Request-Role': 'member',
    'X-Auth-Request-Groups': '',
    'X-Auth-Request-Method': 'session',
    'X-Auth-Request-Key-Id': '',
    'X-Auth-Request-Scopes': '',
  })
  expect(Object.keys(of({}, 'remote')).filter((name) => name.startsWith('Remote-'))).toEqual([
    'Remote-User',
    'Remote-Email',
    'Remote-Name',
    'Remote-Groups',
  ])
})

test('both families say the same', () => {
  const headers = of({ email: 'a@b.test', name: 'Ä', groups: ['x', 'y'] }, 'remote')
  for (const name of ['User', 'Email', 'Name', 'Groups'])
    expect(headers[`Remote-${name}`]).toBe(headers[`X-Auth-Request-${name}`])
})

test.each([
  ['Ada Lovelace', 'Ada Lovelace'],
  ['O\'Neill (ops), "x"', 'O\'Neill (ops), "x"'],
  ['Zoë', 'Zo%C3%AB'],
  ['李雷', '%E6%9D%8E%E9%9B%B7'],
  ['🔑', '%F0%9F%94%91'],
  ['100%', '100%25'],
  ['a\r\nX-Auth-Request-Role: admin', 'a%0D%0AX-Auth-Request-Role: admin'],
  ['\u0000\u001f\u007f\u0085\u2028', '%00%1F%7F%C2%85%E2%80%A8'],
  [' a ', '%20a%20'],
  [' ', '%20'],
  ['a  b', 'a  b'],
])('a name is printable ASCII, from which it can be read again: %j', (name, value) => {
  const written = of({ name })['X-Auth-Request-Name'] ?? ''
  expect(written).toBe(value)
  expect(written).toMatch(/^[!-~]([ -~]*[!-~])?$/)
  expect(decodeURIComponent(written)).toBe(name)
})

test('groups keep apart, whatever is in their names', () => {
  const groups = ['a,b', 'c', 'dé', '%2C']
  const written = of({ groups })['X-Auth-Request-Groups'] ?? ''
  expect(written).toBe('a%2Cb,c,d%C3%A9,%252C')
  expect(written.split(',').map(decodeURIComponent)).toEqual(groups)
})
