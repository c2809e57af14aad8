import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Desk, startDesk } from '../../support/desk.ts'
import { json } from '../../support/json.ts'

describe('what verifiers read', () => {
  let desk: Desk
  beforeAll(async () => {
    desk = await startDesk()
  })
  afterAll(() => desk.close())

  test('the key set holds public members alone, and may be kept for five minutes', async () => {
    const response = await desk.gateway.fetch('/.well-known/jwks.json')
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toBe('application/jwk-set+json')
    expect(response.headers.get('cache-control')).toBe('public, max-age=300')
    expect(response.headers.get('set-cookie')).toBeNull()
    expect(await json(response)).toEqual({
      keys: [
        {
          kty: 'EC',
          crv: 'P-256',
          x: expect.stringMatching(/^[\w-]{43}$/),
          y: expect.stringMatching(/^[\w-]{43}$/),
          kid: expect.stringMatching(/^[\w-]{43}$/),
          alg: 'ES256',
          use: 'sig',
        },
      ],
    })
  })

  test('the key set stays the same over a restart', async () => {
    const read = async () => json(await desk.gateway.fetch('/.well-known/jwks.json'))
    const before = await read()
    await desk.gateway.restart()
    expect(await read()).toEqual(before)
  })

  test('the metadata of RFC 8414 name every endpoint by our URL, and may be kept', async () => {
    const response = await desk.gateway.fetch('/.well-known/oauth-authorization-server')
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toBe('application/json')
    expect(response.headers.get('cache-control')).toBe('public, max-age=300')
    const { url } = desk.gateway
    expect(await json(response)).toEqual({
      issuer: url,
      token_endpoint: `${url}/v1/token`,
      introspection_endpoint: `${url}/v1/introspect`,
      revocation_endpoint: `${url}/v1/revoke`,
      jwks_uri: `${url}/.well-known/jwks.json`,
      response_types_supported: ['none'],
      grant_types_supported: ['client_credentials'],
      token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post'],
      introspection_endpoint_auth_methods_supported: ['Bearer'],
      revocation_endpoint_auth_methods_supported: ['none'],
      code_challenge_methods_supported: ['S256'],
      service_documentation: `${url}/docs`,
    })
  })
})
