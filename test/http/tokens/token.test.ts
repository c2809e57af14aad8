import { createLocalJWKSet, decodeJwt, jwtVerify } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Desk, idOf, startDesk } from '../../support/desk.ts'
import { json } from '../../support/json.ts'
import { audience, basic, callsTo, expectRefusal, other, withKey } from './token-context.ts'

let desk: Desk
let oneAudience: Desk
beforeAll(async () => {
  desk = await startDesk({ JWT_AUDIENCES: `${audience},${other}` })
  oneAudience = await startDesk({ JWT_AUDIENCES: audience })
})
afterAll(async () => {
  await desk.close()
  await oneAudience.close()
})
const { post, postForm, postJson } = callsTo(() => desk)

describe('a key', () => {
  test('becomes a JWT that any verifier takes by our key set, and that says who, for whom and from which key', async () => {
    const key = await desk.mint({ scopes: ['reports:read', 'reports:write'] })
    const asked = Math.floor(Date.now() / 1000)
    const response = await postForm({ audience }, withKey(key))
    expect(response.status).toBe(200)
    expect(response.headers.get('cache-control')).toBe('no-store')
    const body = await json(response)
    expect(body).toEqual({
      access_token: expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+$/),
      token_type: 'Bearer',
      expires_in: expect.any(Number),
      scope: 'reports:read reports:write',
    })
    expect(body.expires_in).toBeGreaterThanOrEqual(298)
    expect(body.expires_in).toBeLessThanOrEqual(300)
    const keys = createLocalJWKSet(await json(await desk.gateway.fetch('/.well-known/jwks.json')))
    const { payload, protectedHeader } = await jwtVerify(body.access_token, keys, {
      issuer: desk.gateway.url,
      audience,
      algorithms: ['ES256'],
    })
    expect(Object.keys(protectedHeader).sort()).toEqual(['alg', 'kid', 'typ'])
    expect(protectedHeader.typ).toBe('JWT')
    expect(payload).toEqual({
      iss: desk.gateway.url,
      aud: audience,
      sub: desk.userId,
      email: `${desk.userId}@desk.test`,
      name: 'Dana Desk',
      roles: ['member'],
      groups: [],
      scope: 'reports:read reports:write',
      jti: expect.stringMatching(/^jwt_\w{20}$/),
      iat: expect.any(Number),
      exp: payload.iat! + 300,
      key_id: idOf(key),
    })
    expect(payload.iat).toBeGreaterThanOrEqual(asked)
  })

  test.each([
    ['a header X-API-Key', (key: string) => postForm({ audience }, withKey(key))],
    ['a bearer token', (key: string) => postForm({ audience }, { authorization: `Bearer ${key}` })],
    ['a header, with JSON', (key: string) => postJson({ audience }, withKey(key))],
    [
      'an OAuth client by the form',
      (key: string) =>
        postForm({ grant_type: 'client_credentials', client_id: idOf(key), client_secret: key, audience }),
    ],
    [
      'an OAuth client by Basic',
      (key: string) =>
        postForm({ grant_type: 'client_credentials', resource: audience }, basic(idOf(key), key)),
    ],
    [
      'an OAuth client by Basic that says its id once more',
      (key: string) => postForm({ client_id: idOf(key), audience }, basic(idOf(key), key)),
    ],
  ])('is taken as %s', async (_, ask) => {
    const key = await desk.mint({ scopes: ['a'] })
    const response = await ask(key)
    expect(response.status).toBe(200)
    const { access_token } = await json(response)
    expect(decodeJwt(access_token)).toMatchObject({ key_id: idOf(key), aud: audience })
  })

  test('needs no body where one audience is set, and has to say which where there are several', async () => {
    const key = await oneAudience.mint()
    const response = await oneAudience.gateway.fetch('/v1/token', { method: 'POST', headers: withKey(key) })
    expect(decodeJwt((await json(response)).access_token).aud).toBe(audience)
    await expectRefusal(await post(withKey(await desk.mint())), 400, 'invalid_target', 'invalid_request')
  })

  test('gets a JWT for no audience that is not set, by either name', async () => {
    const key = await desk.mint()
    for (const unknown of [
      'https://evil.test',
      `${audience}/`,
      audience.toUpperCase(),
      `${audience} ${other}`,
      desk.gateway.url,
    ]) {
      await expectRefusal(
        await postForm({ audience: unknown }, withKey(key)),
        400,
        'invalid_target',
        'invalid_request',
      )
      await expectRefusal(
        await postForm({ resource: unknown }, withKey(key)),
        400,
        'invalid_target',
        'invalid_request',
      )
    }
    await expectRefusal(
      await postForm({ audience, resource: other }, withKey(key)),
      400,
      'invalid_target',
      'invalid_request',
    )
    expect((await postForm({ audience: other, resource: other }, withKey(key))).status).toBe(200)
  })

  test('hands on what is asked of its scopes, and never more than it carries now', async () => {
    const key = await desk.mint({ scopes: ['a', 'b', 'c'] })
    const scopeFor = async (scope: string) =>
      (await json(await postForm({ audience, scope }, withKey(key)))).scope
    expect(await scopeFor('b a')).toBe('a b')
    expect(await scopeFor('a a')).toBe('a')
    expect(await scopeFor('')).toBe('a b c')
    for (const scope of ['d', 'a d', 'A', 'a  b', ' a', 'a,b', 'a\tb', 'keydesk:admin'])
      await expectRefusal(
        await postForm({ audience, scope }, withKey(key)),
        400,
        'invalid_scope',
        'invalid_request',
      )
    await desk.sql(`UPDATE users SET scope_limit = '["b"]' WHERE id = ?`, desk.userId)
    expect(await scopeFor('')).toBe('b')
    await expectRefusal(
      await postForm({ audience, scope: 'a' }, withKey(key)),
      400,
      'invalid_scope',
      'invalid_request',
    )
    await desk.sql('UPDATE users SET scope_limit = NULL WHERE id = ?', desk.userId)
  })

  test('of an admin never hands on a right on Keydesk itself, asked for or not', async () => {
    const admin = await desk.addUser()
    await desk.sql(`UPDATE users SET role = 'admin' WHERE id = ?`, admin)
    const key = await desk.mint({ user_id: admin, scopes: ['keydesk:admin', 'keydesk:introspect', 'a'] })
    const { scope, access_token } = await json(await postForm({ audience }, withKey(key)))
    expect(scope).toBe('a')
    expect(decodeJwt(access_token)).toMatchObject({ scope: 'a', roles: ['admin'] })
    for (const scope of ['keydesk:admin', 'a keydesk:introspect'])
      await expectRefusal(
        await postForm({ audience, scope }, withKey(key)),
        400,
        'invalid_scope',
        'invalid_request',
      )
  })

  test('gets no JWT that outlives it', async () => {
    const key = await desk.mint({ expires_at: new Date(Date.now() + 90_000).toISOString() })
    const { access_token, expires_in } = await json(await postForm({ audience }, withKey(key)))
    const { iat, exp } = decodeJwt(access_token)
    expect(exp! - iat!).toBeLessThanOrEqual(90)
    expect(expires_in).toBeLessThanOrEqual(90)
    expect(exp! * 1000).toBeLessThanOrEqual(Date.parse((await desk.read(key)).expires_at))
  })

  test('counts the call as a use of it and within its limit, which the answer tells', async () => {
    const key = await desk.mint({ rate_limit: { limit: 2, window_seconds: 3600 } })
    const answers = [await postForm({ audience }, withKey(key)), await postForm({ audience }, withKey(key))]
    expect(answers.map(({ status }) => status)).toEqual([200, 200])
    expect(answers[0]?.headers.get('ratelimit')).toMatch(/^"key";r=1;/)
    const limited = await postForm({ audience }, withKey(key))
    await expectRefusal(limited, 429, 'temporarily_unavailable', 'rate_limited')
    expect(limited.headers.get('retry-after')).toMatch(/^\d+$/)
  })

  test.each([
    ['revoked_key', (key: string) => desk.revoke(key)],
    [
      'expired_key',
      (key: string) => desk.sql('UPDATE api_keys SET expires_at = created_at WHERE id = ?', idOf(key)),
    ],
    [
      'user_disabled',
      async (key: string) => {
        const owner = await desk.addUser()
        await desk.sql(`UPDATE users SET status = 'disabled' WHERE id = ?`, owner)
        await desk.sql('UPDATE api_keys SET user_id = ? WHERE id = ?', owner, idOf(key))
      },
    ],
  ])('that is refused gets none, and is told why: %s', async (code, change) => {
    const key = await desk.mint()
    expect((await postForm({ audience }, withKey(key))).status).toBe(200)
    await change(key)
    const fields = { client_id: idOf(key), client_secret: key, audience }
    for (const ask of [() => postForm({ audience }, withKey(key)), () => postForm(fields)])
      await expectRefusal(await ask(), 401, 'invalid_client', code)
  })

  test('that may not be used from this address gets none', async () => {
    const key = await desk.mint({ allowed_addresses: ['198.51.100.0/24'] })
    await expectRefusal(await postForm({ audience }, withKey(key)), 403, 'unauthorized_client', 'not_allowed')
  })
})
