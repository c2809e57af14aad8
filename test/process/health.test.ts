import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { json } from '../support/json.ts'
import { type KeydeskProcess, startKeydesk } from '../support/keydesk-process.ts'

describe('a running process', () => {
  let gateway: KeydeskProcess
  beforeAll(async () => {
    gateway = await startKeydesk()
  })
  afterAll(() => gateway?.close())

  test('headers of a megabyte are answered in the form of the contract, and the process goes on', async () => {
    const answer = await raw(
      gateway.port,
      `GET /v1/validate HTTP/1.1\r\nHost: localhost\r\nX-API-Key: ${'k'.repeat(1_000_000)}\r\n\r\n`,
    )
    expectProblem(answer, 413, 'too_large')
    expect((await gateway.fetch('/healthz')).status).toBe(200)
  })

  test.for([
    ['a line that is not HTTP', 'HELO keydesk\r\n\r\n'],
    [
      'two lengths',
      'POST /v1/validate HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx',
    ],
    [
      'a length and chunks',
      'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    ],
    ['NUL in a header', 'GET /healthz HTTP/1.1\r\nHost: a\r\nX-API-Key: a\0b\r\n\r\n'],
    [
      'a bare line feed in a header',
      'GET /healthz HTTP/1.1\r\nHost: a\r\nX-API-Key: a\n b\r\nX: \n\r\r\n\r\n',
    ],
  ])('%s is answered 400 in the form of the contract', async ([, bytes]) => {
    expectProblem(await raw(gateway.port, bytes ?? ''), 400, 'invalid_request')
    expect((await gateway.fetch('/healthz')).status).toBe(200)
  })

  test('when the database fails, /readyz is 503 and /healthz stays 200, and a repaired database is ready again', async () => {
    const ready = await gateway.fetch('/readyz')
    expect([ready.status, await ready.json()]).toEqual([200, { status: 'ready' }])
    const becomes = (status: number) =>
      expect.poll(async () => (await gateway.fetch('/readyz')).status, { timeout: 5000 }).toBe(status)
    const repair = await gateway.database.breakDown()
    onTestFinished(repair)
    // On Postgres for as long as the process may trust its last look.
    await becomes(503)
    const refused = await gateway.fetch('/readyz')
    expect(refused.headers.get('content-type')).toBe('application/problem+json')
    const problem = await json(refused)
    expect(problem).toMatchObject({ code: 'unavailable', status: 503 })
    expect(problem.detail).not.toMatch(/schema_migrations|sqlite|\.db|postgres|\//i)
    const healthy = await gateway.fetch('/healthz')
    expect([healthy.status, await healthy.json()]).toEqual([200, { status: 'ok' }])
    await repair()
    await becomes(200)
  })

  test('when the table of keys is gone, a key is answered 503: never 200, never 401', async () => {
    await gateway.database.change('ALTER TABLE users RENAME TO taken_away')
    for (const path of ['/admin/users', '/admin/users/anybody']) {
      const refused = await gateway.asAdmin(path)
      expect(refused.status).toBe(503)
      expect((await json(refused)).detail).not.toMatch(/sqlite|no such table|relation|users/i)
    }
    await gateway.database.change('ALTER TABLE taken_away RENAME TO users')
    expect((await gateway.asAdmin('/admin/users')).status).toBe(200)
  })
})

/** Sends bytes as they are, and answers all that comes back until the server closes the connection. */
function raw(port: number, bytes: string): Promise<string> {
  return new Promise((done) => {
    let answer = ''
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes, 'latin1'))
    socket.setEncoding('utf8').on('data', (part: string) => {
      answer += part
    })
    // Whoever sends on while the server closes gets a reset behind the answer.
    socket.on('error', () => undefined)
    socket.on('close', () => done(answer))
  })
}

function expectProblem(answer: string, status: number, code: string): void {
  const [head = '', body = ''] = answer.split('\r\n\r\n')
  expect(head).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `))
  expect(head).toMatch(/^content-type: application\/problem\+json$/im)
  expect(head).toMatch(/^x-content-type-options: nosniff$/im)
  const requestId = /^x-request-id: (\S+)$/im.exec(head)?.[1]
  expect(JSON.parse(body)).toMatchObject({
    type: `urn:keydesk:error:${code}`,
    title: expect.any(String),
    status,
    detail: expect.any(String),
    code,
    request_id: requestId,
  })
}
