import { afterAll, beforeAll, expect, test } from 'vitest'
import { json } from '../support/json.ts'
import { describeInPython, type PythonService, startUvicorn } from '../support/python.ts'
import { type RawHeaders, sendRaw } from '../support/raw-request.ts'

const https = { 'x-forwarded-proto': 'https' }
const path = '/proxy/me'

describeInPython('the FastAPI example behind a proxy that names the user', () => {
  const services: PythonService[] = []
  afterAll(() => Promise.all(services.map((service) => service.close())))

  async function start(settings: Record<string, string>, flags?: string[]): Promise<PythonService> {
    const service = await startUvicorn('fastapi', settings, flags)
    services.push(service)
    return service
  }

  let service: PythonService
  beforeAll(async () => {
    service = await start({})
  })
  const ask = (headers: Record<string, string>) => service.fetch(path, headers)
  const askRaw = async (headers: RawHeaders) => (await sendRaw(service.url, { path, headers }))?.status

  test('the header counts from the address of the proxy', async () => {
    const answer = await ask({ 'x-auth-request-user': 'u_1', ...https })
    expect(answer.status).toBe(200)
    expect(await json(answer)).toMatchObject({ user_id: 'u_1', method: 'proxy' })
  })

  test('from any other address it is ignored', async () => {
    const elsewhere = await start({ PROXIES: '192.0.2.0/24, 2001:db8::/32' })
    const named = { 'x-auth-request-user': 'u_1', ...https }
    expect((await elsewhere.fetch(path, named)).status).toBe(401)
    const forwarded = { 'x-forwarded-for': '192.0.2.1', forwarded: 'for=192.0.2.1', 'x-real-ip': '192.0.2.1' }
    expect((await elsewhere.fetch(path, { ...named, ...forwarded })).status).toBe(401)
  })

  test('with uvicorn left to put X-Forwarded-For in place of the peer, nothing passes', async () => {
    const rewritten = await start({ PROXIES: '127.0.0.1/32,192.0.2.0/24' }, [])
    const headers = { 'x-auth-request-user': 'u_1', 'x-forwarded-for': '192.0.2.1', ...https }
    expect((await rewritten.fetch(path, headers)).status).toBe(401)
  })

  test('plain http is refused, whoever says that it was https', async () => {
    const named = { 'x-auth-request-user': 'u_1' }
    for (const proto of ['http', 'http, https', 'https, http', 'HTTPS ', ''])
      expect((await ask({ ...named, 'x-forwarded-proto': proto })).status, proto).not.toBe(200)
    expect((await ask(named)).status).toBe(403)
    const twice = [
      ['X-Auth-Request-User', 'u_1'],
      ['X-Forwarded-Proto', 'https'],
      ['X-Forwarded-Proto', 'https'],
    ] as const
    expect(await askRaw(twice)).toBe(403)
  })

  test('without the demand for https plain http passes', async () => {
    const plain = await start({ REQUIRE_HTTPS: 'false' })
    expect((await plain.fetch(path, { 'x-auth-request-user': 'u_1' })).status).toBe(200)
  })

  test('no name, an empty one and two names are 401', async () => {
    expect((await ask(https)).status).toBe(401)
    expect((await ask({ 'x-auth-request-user': '', ...https })).status).toBe(401)
    const twice = [
      ['X-Auth-Request-User', 'u_1'],
      ['X-Auth-Request-User', 'u_2'],
      ['X-Forwarded-Proto', 'https'],
    ] as const
    expect(await askRaw(twice)).toBe(401)
  })

  test('a header of another name is none, not even with underscores', async () => {
    for (const name of ['x_auth_request_user', 'x-remote-user', 'remote-user'])
      expect((await ask({ [name]: 'u_1', ...https })).status, name).toBe(401)
  })

  test('the header may have another name, and then no other one counts', async () => {
    const remote = await start({ USER_HEADER: 'X-Remote-User' })
    const answer = await remote.fetch(path, { 'x-remote-user': 'u_2', ...https })
    expect(await json(answer)).toMatchObject({ user_id: 'u_2' })
    expect((await remote.fetch(path, { 'x-auth-request-user': 'u_1', ...https })).status).toBe(401)
  })

  test('a percent-encoded name is decoded, and one that Keydesk would not send is 401', async () => {
    const answer = await ask({ 'x-auth-request-user': 'Zo%C3%AB%25', ...https })
    expect(await json(answer)).toMatchObject({ user_id: 'Zoë%' })
    for (const wrong of ['%FF', 'u%00', 'u%0D%0AX: y'])
      expect((await ask({ 'x-auth-request-user': wrong, ...https })).status, wrong).toBe(401)
  })
})
