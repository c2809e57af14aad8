import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readConfig } from '../../../src/config.ts'
import { createGateway } from '../../../src/gateway.ts'
import { type Desk, idOf, startDesk } from '../../support/desk.ts'
import { json } from '../../support/json.ts'
import { request } from './people-context.ts'

describe('the ETag of a key', () => {
  let desk: Desk
  beforeAll(async () => {
    desk = await startDesk()
  })
  afterAll(() => desk.close())

  const ask = (method: string, key: string, body: unknown, ifMatch?: string) => {
    const init = request(method, body)
    return desk.gateway.asAdmin(`/admin/keys/${idOf(key)}`, {
      ...init,
      headers: { ...(init.headers as object), ...(ifMatch === undefined ? {} : { 'if-match': ifMatch }) },
    })
  }
  const tagOf = async (key: string) => (await ask('GET', key, undefined)).headers.get('etag') ?? ''
  const codeOf = async (response: Response) => [response.status, (await json(response)).code]

  test('is its version: a change moves it, a use does not, and every answer with the key carries it', async () => {
    const minted = await desk.postKey({})
    const key = (await json(minted)).key_text
    expect(minted.headers.get('etag')).toBe('"1"')
    for (let round = 0; round < 3; round += 1) await desk.validate(key)
    await desk.gateway.restart()
    expect(await tagOf(key)).toBe('"1"')
    const changed = await ask('PATCH', key, { name: 'new' }, '"1"')
    expect([changed.status, changed.headers.get('etag')]).toEqual([200, '"2"'])
    expect(await tagOf(key)).toBe('"2"')
    await desk.revoke(key)
    expect(await tagOf(key)).toBe('"3"')
  })

  test.each(['"1"', '"0"', '"3"', '"999999999"', '"9999999999"', '"02"', '"x"', '""', 'W/"2"', 'W/"1"'])(
    'an If-Match of %s, where it is "2", is 412, and nothing changes',
    async (tag) => {
      const key = await desk.mint()
      expect((await ask('PATCH', key, { name: 'second' })).status).toBe(200)
      const before = await desk.read(key)
      // The number is compared, so a zero before it would be a second spelling of one tag.
      expect(await codeOf(await ask('PATCH', key, { name: 'third' }, tag))).toEqual([
        412,
        'precondition_failed',
      ])
      expect(await codeOf(await ask('DELETE', key, undefined, tag))).toEqual([412, 'precondition_failed'])
      expect(await desk.read(key)).toEqual(before)
      expect(await desk.codeFor(key)).toBe('valid')
    },
  )

  test.each(['2', "'2'", '"2', '2"', '"2" "2"', '"1", "2"', 'W/2', 'w/"2"', '**', '"2"x', ''])(
    'an If-Match of %j is 400, and nothing changes',
    async (tag) => {
      const key = await desk.mint()
      await ask('PATCH', key, { name: 'second' })
      const before = await desk.read(key)
      const refused = await ask('PATCH', key, { name: 'third' }, tag)
      expect(refused.status).toBe(400)
      expect((await json(refused)).detail).toContain('If-Match')
      expect((await ask('DELETE', key, undefined, tag)).status).toBe(400)
      expect(await desk.read(key)).toEqual(before)
    },
  )

  test('* and none take the key as it is; a stale tag is told before that the key is revoked', async () => {
    const key = await desk.mint()
    expect((await ask('PATCH', key, { name: 'a' }, '*')).status).toBe(200)
    expect((await ask('PATCH', key, { name: 'b' })).status).toBe(200)
    expect((await ask('DELETE', key, undefined, '"3"')).status).toBe(204)
    expect(await codeOf(await ask('PATCH', key, { name: 'c' }, '"3"'))).toEqual([412, 'precondition_failed'])
    expect(await codeOf(await ask('PATCH', key, { name: 'c' }, '"4"'))).toEqual([409, 'conflict'])
    expect(await codeOf(await ask('PATCH', 'kd_000000000000_x', { name: 'c' }, '"1"'))).toEqual([
      404,
      'not_found',
    ])
  })

  test.each([2, 10])(
    'of %i changes at once with the same If-Match one lands, the others are 412',
    async (count) => {
      const key = await desk.mint()
      const names = Array.from({ length: count }, (_, index) => `by ${index}`)
      const answers = await Promise.all(names.map((name) => ask('PATCH', key, { name }, '"1"')))
      expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array(count - 1).fill(412)])
      const winner = names[answers.findIndex(({ status }) => status === 200)]
      expect(await desk.read(key)).toMatchObject({ name: winner, version: 2 })
    },
  )

  test('of a change and a revocation at once with the same If-Match the key is never changed after its end', async () => {
    const key = await desk.mint()
    const [changed, revoked] = await Promise.all([
      ask('PATCH', key, { name: 'late' }, '"1"'),
      ask('DELETE', key, undefined, '"1"'),
    ])
    expect([200, 409, 412]).toContain(changed.status)
    expect([204, 412]).toContain(revoked.status)
    expect([changed.status === 200, revoked.status === 204]).toContain(true)
  })
})

test('a request whose address nobody knows is refused by a key that names addresses, and by no other', async () => {
  const desk = await startDesk()
  const [anywhere, everywhere] = [
    await desk.mint(),
    await desk.mint({ allowed_addresses: ['0.0.0.0/0', '::/0'] }),
  ]
  const gateway = await createGateway(
    readConfig({
      AUTH_BASE_URL: desk.gateway.url,
      PROXY_MASTER_KEY: desk.gateway.masterKey,
      DATABASE_URL: desk.gateway.database.url,
      LOG_LEVEL: 'silent',
    }),
  )
  const statusOf = async (key: string) => {
    const asked = new Request(`${desk.gateway.url}/v1/validate`, { headers: { 'x-api-key': key } })
    return (await gateway.fetch(asked)).status
  }
  expect(await statusOf(anywhere)).toBe(200)
  expect(await statusOf(everywhere)).toBe(403)
  expect(await desk.codeFor(everywhere)).toBe('valid')
  await gateway.close()
  await desk.close()
})
