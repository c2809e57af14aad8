import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { adminRoutes } from '../support/negative-admin-routes.ts'
import { negativeBodiesAndHeaders } from '../support/negative-bodies.ts'
import { registeredRoutes, startNegativeContext } from '../support/negative-context.ts'
import { expectContract } from '../support/negative-contract.ts'
import { assets, publicRoutes } from '../support/negative-routes.ts'
import { negativeSuite } from '../support/negative-suite.ts'
import { sendBytes, sendRaw } from '../support/raw-request.ts'

describe('every route refuses what is wrong', () => {
  let context: Awaited<ReturnType<typeof startNegativeContext>>
  beforeAll(async () => {
    context = await startNegativeContext()
  })
  afterAll(() => context.close())

  // Pages and their forms are held to who may see them in matrix.test.ts, and to their inputs by tests of their own.
  test('every route that is no page has an entry here, and every entry is a route', () => {
    const isPage = (route: string) => /^(GET|POST) \/(console|account)(\/|$)/.test(route)
    const entries = [...publicRoutes, ...adminRoutes].map(({ route }) => route)
    expect(entries.sort()).toEqual([...new Set(registeredRoutes())].filter((route) => !isPage(route)).sort())
  })

  for (const entry of publicRoutes) {
    negativeSuite(entry, publicRoutes, () => context)
    // Static files read no header and no body: one of them stands for all.
    if (entry === assets[0] || !assets.includes(entry)) negativeBodiesAndHeaders(entry, () => context)
  }

  test('paths that lead nowhere are 404 by the contract, and nothing of them is echoed', async () => {
    for (const path of [
      '/nothing',
      '/v1',
      '/v1/',
      '/auth',
      '/auth/',
      '/admin.json',
      '/.env',
      '/.git/config',
      '/assets/',
      '/assets/..%2f..%2fpackage.json',
      '/<script>alert(1)</script>',
      '/%',
      '/%ff',
      '/%E0%A4%A',
      `/${'x'.repeat(9000)}`,
    ]) {
      const answer = await sendRaw(context.gateway.url, { path })
      expectContract(answer, path)
      expect(answer.status, path).toBe(404)
      expect(answer.body).not.toContain('script>')
    }
  })

  test('lines that are no HTTP request are refused in the form of the contract', async () => {
    const host = new URL(context.gateway.url).host
    const lines = [
      'garbage\r\n\r\n',
      'GET / HTTP/9.9\r\n\r\n',
      `G\u0000T / HTTP/1.1\r\nHost: ${host}\r\n\r\n`,
    ]
    lines.push(
      `GET / HTTP/1.1\r\nHost: ${host}\r\nContent-Length: -1\r\n\r\n`,
      `GET / HTTP/1.1\r\nHost: ${host}\r\nNo colon\r\n\r\n`,
    )
    lines.push(`POST / HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\nx`)
    lines.push(`POST / HTTP/1.1\r\nHost: ${host}\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n`)
    for (const line of lines) {
      const answer = await sendBytes(context.gateway.url, Buffer.from(line, 'latin1'))
      expectContract(answer, line, { parserToo: true })
      expect(answer.status, line).toBe(400)
    }
  })

  test.each([
    ['no Host', 'GET /v1/validate HTTP/1.1\r\nConnection: close\r\n\r\n'],
    ['two Hosts', 'GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\nConnection: close\r\n\r\n'],
    ['an empty Host', 'GET /healthz HTTP/1.1\r\nHost:\r\nConnection: close\r\n\r\n'],
    ['a Host with a path', 'GET /healthz HTTP/1.1\r\nHost: a/b?c\r\nConnection: close\r\n\r\n'],
    ['a Host with garbage', "GET /healthz HTTP/1.1\r\nHost: ' OR 1=1\r\nConnection: close\r\n\r\n"],
    ['a Host with a user', 'GET /admin/keys HTTP/1.1\r\nHost: x@localhost\r\nConnection: close\r\n\r\n'],
    ['the absolute form', 'GET http://evil.test/admin/keys HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'],
    ['the asterisk form', 'OPTIONS * HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'],
    [
      'an unknown expectation',
      'GET /healthz HTTP/1.1\r\nHost: a\r\nExpect: magic\r\nConnection: close\r\n\r\n',
    ],
    ['a backslash', 'GET /admin/keys\\ HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'],
    [
      'an upgrade',
      'GET /admin/keys HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade, close\r\n\r\n',
    ],
  ])('%s: the answer has the form of the contract', async (what, request) => {
    const answer = await sendBytes(context.gateway.url, Buffer.from(request, 'latin1'))
    expectContract(answer, what)
    expect(answer.status === 200 ? request.includes('healthz') : answer.status >= 400).toBe(true)
  })
})
