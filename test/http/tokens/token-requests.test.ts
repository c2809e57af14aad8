import { createLocalJWKSet, decodeProtectedHeader, jwtVerify } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Desk, idOf, startDesk } from '../../support/desk.ts'
import { json } from '../../support/json.ts'
import { audience, basic, callsTo, expectRefusal, formType, other, withKey } from './token-context.ts'

let desk: Desk

beforeAll(async () => {
  desk = await startDesk({ JWT_AUDIENCES: `${audience},${other}` })
})
afterAll(async () => {
  await desk.close()
})
const { post, postForm, postJson } = callsTo(() => desk)

describe('a request', () => {
  test('of another grant type is refused', async () => {
    const key = await desk.mint()
    for (const grant_type of ['authorization_code', 'refresh_token', 'password', 'CLIENT_CREDENTIALS', 'x'])
      await expectRefusal(
        await postForm({ audience, grant_type }, withKey(key)),
        400,
        'unsupported_grant_type',
        'invalid_request',
      )
  })

  test('with a member that nobody knows, or one twice, or of another type, is refused', async () => {
    const key = await desk.mint()
    const wrong = async (response: Response) =>
      expectRefusal(response, 400, 'invalid_request', 'invalid_request')
    for (const name of [
      'sub',
      'user_id',
      'exp',
      'aud',
      'roles',
      'key_id',
      'constructor',
      '__proto__',
      'Audience',
    ])
      expect(
        (
          await wrong(
            await postForm(
              [
                ['audience', audience],
                [name, 'x'],
              ],
              withKey(key),
            ),
          )
        ).detail,
      ).toContain(name)
    await wrong(
      await postForm(
        [
          ['audience', audience],
          ['audience', audience],
        ],
        withKey(key),
      ),
    )
    await wrong(
      await postForm(
        [
          ['audience', audience],
          ['resource', audience],
          ['resource', other],
        ],
        withKey(key),
      ),
    )
    for (const body of [
      { audience: [audience] },
      { audience: 1 },
      { scope: ['a'] },
      { audience, x: 1 },
      [],
      null,
      'x',
    ])
      await wrong(await postJson(body, withKey(key)))
    for (const body of ['{', 'audience=x']) await wrong(await postJson(body, withKey(key)))
    await wrong(await post(withKey(key), undefined, '?audience=x'))
    // A credential in what cannot be read is not a missing one.
    await wrong(await postForm({ client_id: idOf(key), client_secret: key, audience, more: 'x' }))
  })

  test('of another media type, or with a large body, is refused in the same words', async () => {
    const key = await desk.mint()
    for (const type of ['text/plain', 'multipart/form-data; boundary=x', 'application/jsonp'])
      await expectRefusal(
        await post({ ...withKey(key), 'content-type': type }, 'x'),
        415,
        'invalid_request',
        'unsupported_media_type',
      )
    await expectRefusal(
      await postForm({ audience: 'x'.repeat(70_000) }, withKey(key)),
      413,
      'invalid_request',
      'too_large',
    )
    const other = await desk.gateway.fetch('/v1/token', { headers: withKey(key) })
    expect(other.headers.get('allow')).toBe('POST')
    await expectRefusal(other, 405, 'invalid_request', 'method_not_allowed')
  })

  test('is told the same in JSON by whatever it accepts', async () => {
    await expectRefusal(
      await postForm({ audience }, { accept: 'text/html' }),
      401,
      'invalid_client',
      'missing_key',
    )
  })

  test('from a page of another site, and over plain http behind a proxy, is refused', async () => {
    const key = await desk.mint()
    const cross = await postForm({ audience }, { ...withKey(key), 'sec-fetch-site': 'cross-site' })
    await expectRefusal(cross, 403, 'unauthorized_client', 'forbidden')
    const behind = await startDesk({ AUTH_BASE_URL: 'https://keys.corp.test', JWT_AUDIENCES: audience })
    const plain = await behind.gateway.fetch('/v1/token', {
      method: 'POST',
      headers: {
        ...withKey(await behind.mint()),
        'x-forwarded-for': '192.0.2.1',
        'x-forwarded-proto': 'http',
      },
    })
    await expectRefusal(plain, 403, 'unauthorized_client', 'forbidden')
    await behind.close()
  })

  test('where no audience is set says so', async () => {
    const none = await startDesk()
    const response = await none.gateway.fetch('/v1/token', {
      method: 'POST',
      headers: withKey(await none.mint()),
    })
    expect((await expectRefusal(response, 400, 'invalid_target', 'invalid_request')).detail).toContain(
      'JWT_AUDIENCES',
    )
    await none.close()
  })

  test('leaves no key and no JWT in the log', async () => {
    const key = await desk.mint()
    const { access_token } = await json(
      await postForm({ client_id: idOf(key), client_secret: key, audience }),
    )
    await postForm({ client_id: idOf(key), client_secret: key, audience: key })
    await post({ ...basic(idOf(key), key), ...formType }, 'audience=x')
    const log = desk.gateway.log.join('')
    expect(log).toContain('/v1/token')
    for (const secret of [
      key.slice(-40),
      access_token.slice(-40),
      Buffer.from(key).toString('base64').slice(4, 60),
    ])
      expect(log).not.toContain(secret)
  })

  test('is signed by RS256 where that is set', async () => {
    const rsa = await startDesk({ JWT_ALG: 'RS256', JWT_AUDIENCES: audience, JWT_TTL: '10m' })
    const response = await rsa.gateway.fetch('/v1/token', {
      method: 'POST',
      headers: withKey(await rsa.mint()),
    })
    const { access_token, expires_in } = await json(response)
    expect(decodeProtectedHeader(access_token).alg).toBe('RS256')
    expect(expires_in).toBeGreaterThan(590)
    const keys = await json(await rsa.gateway.fetch('/.well-known/jwks.json'))
    expect(
      keys.keys.map(({ n, ...rest }: { n: string }) => [
        Buffer.from(n, 'base64url').length,
        Object.keys(rest).sort(),
      ]),
    ).toEqual([[256, ['alg', 'e', 'kid', 'kty', 'use']]])
    await jwtVerify(access_token, createLocalJWKSet(keys), { audience, issuer: rsa.gateway.url })
    await rsa.close()
  })
})
