import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Desk, idOf, startDesk } from '../../support/desk.ts'
import { json } from '../../support/json.ts'
import {
  audience,
  basic,
  callsTo,
  expectRefusal,
  type Fields,
  formType,
  other,
  withKey,
} from './token-context.ts'

let desk: Desk

beforeAll(async () => {
  desk = await startDesk({ JWT_AUDIENCES: `${audience},${other}` })
})
afterAll(async () => {
  await desk.close()
})
const { post, postForm } = callsTo(() => desk)

describe('a credential', () => {
  test('that is none, or is shown twice or in two ways, is refused', async () => {
    const [key, second] = [await desk.mint(), await desk.mint()]
    const client = { client_id: idOf(key), client_secret: key }
    const unknown = 401
    for (const [headers, fields] of [
      [basic('', ''), {}],
      [basic(idOf(key), second), {}],
      [basic(idOf(second), key), {}],
      [basic(key, key), {}],
      [basic(idOf(key), `${key}x`), {}],
      [{ authorization: 'Basic' }, {}],
      [{ authorization: 'Basic ###' }, {}],
      [{ authorization: `Basic ${Buffer.from(key).toString('base64')}` }, {}],
      [{ authorization: `Basic ${Buffer.from(`%:${key}`).toString('base64')}` }, {}],
      [basic(idOf(key), key), { client_id: idOf(second) }],
      [withKey(key), { client_id: idOf(second) }],
      [{}, { client_id: idOf(second), client_secret: key }],
      [{}, { client_id: idOf(key) }],
      [{}, { client_secret: key }],
      [{ ...withKey(key), authorization: `Bearer ${key}` }, {}],
      [{ ...withKey(key), ...basic(idOf(key), key) }, {}],
    ] as [Fields, Fields][])
      await expectRefusal(
        await postForm({ audience, ...fields }, headers),
        unknown,
        'invalid_client',
        'invalid_key',
      )
    for (const headers of [withKey(key), { authorization: `Bearer ${key}` }, basic(idOf(key), key)])
      await expectRefusal(
        await postForm({ audience, ...client }, headers),
        400,
        'invalid_request',
        'invalid_request',
      )
    await expectRefusal(await postForm({ audience }), 401, 'invalid_client', 'missing_key')
    await expectRefusal(await post(), 401, 'invalid_client', 'missing_key')
    await expectRefusal(
      await postForm({ audience }, { authorization: 'Digest x' }),
      401,
      'invalid_client',
      'missing_key',
    )
    await expectRefusal(
      await post(withKey(key), undefined, `?client_secret=${second}`),
      401,
      'invalid_client',
      'invalid_key',
    )
  })

  test('by Basic that is wrong is told that Basic is known here, beside what we always say', async () => {
    const response = await postForm({ audience }, basic('aaaaaaaaaaaa', 'x'))
    expect(response.headers.get('www-authenticate')).toMatch(
      /^Bearer realm="keydesk".*, Basic realm="keydesk"/,
    )
    expect((await post()).headers.get('www-authenticate')).not.toContain('Basic')
  })

  test('is no JWT: none is turned into another', async () => {
    const key = await desk.mint()
    const { access_token } = await json(await postForm({ audience }, withKey(key)))
    for (const headers of [withKey(access_token), { authorization: `Bearer ${access_token}` }])
      await expectRefusal(await postForm({ audience }, headers), 401, 'invalid_client', 'invalid_key')
    const fields = { client_id: idOf(key), client_secret: access_token, audience }
    await expectRefusal(await postForm(fields), 401, 'invalid_client', 'invalid_key')
  })

  test('that fails too often from one address is answered with 429, also in a form', async () => {
    const limited = await startDesk({ FAILURE_RATE_LIMIT: '2/1h', JWT_AUDIENCES: audience })
    const ask = () =>
      limited.gateway.fetch('/v1/token', {
        method: 'POST',
        headers: formType,
        body: new URLSearchParams({ client_id: 'aaaaaaaaaaaa', client_secret: 'x' }).toString(),
      })
    await expectRefusal(await ask(), 401, 'invalid_client', 'invalid_key')
    await ask()
    const refused = await ask()
    await expectRefusal(refused, 429, 'temporarily_unavailable', 'rate_limited')
    expect(refused.headers.get('retry-after')).toMatch(/^\d+$/)
    const good = await limited.gateway.fetch('/v1/token', {
      method: 'POST',
      headers: withKey(await limited.mint()),
    })
    expect(good.status).toBe(200)
    await limited.close()
  })
})
