import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Attacked, expectRefused, signInWrong, startAttackedGateway } from '../../support/attack.ts'
import { testClient } from '../../support/sign-in.ts'

type Named = 'header' | 'body'

/** What discovery says of `token_endpoint_auth_methods_supported`, and where the secret goes then. */
const followed: [string, unknown, Named][] = [
  ['nothing: the default of the specification is Basic', undefined, 'header'],
  ['Basic', ['client_secret_basic'], 'header'],
  ['the body', ['client_secret_post'], 'body'],
  ['the body first, and Basic', ['client_secret_post', 'client_secret_basic'], 'header'],
  ['the body among what we cannot do', ['private_key_jwt', 'client_secret_post', 'none'], 'body'],
  ['Basic among what we cannot do', ['tls_client_auth', 'client_secret_basic', 'none'], 'header'],
]
const unknown: [string, unknown][] = [
  ['signed assertions only', ['private_key_jwt', 'client_secret_jwt']],
  ['no secret at all', ['none']],
  ['certificates', ['tls_client_auth', 'self_signed_tls_client_auth']],
  ['no method', []],
  ['Basic in capitals', ['CLIENT_SECRET_BASIC']],
]

describe('token_endpoint_auth_methods_supported', () => {
  let context: Attacked
  beforeEach(async () => {
    context = await startAttackedGateway()
  })
  afterEach(() => context.close())
  const say = (methods: unknown) => {
    context.wrong.behaviour.discovery = ({ token_endpoint_auth_methods_supported: _, ...document }) =>
      methods === undefined ? document : { ...document, token_endpoint_auth_methods_supported: methods }
  }

  test.each(followed)('says %s, and is followed', async (_, methods, where) => {
    say(methods)
    expect((await signInWrong(context)).status).toBe(200)
    const [request, ...others] = context.wrong.tokenRequests
    expect(others).toEqual([])
    const credentials = Buffer.from(`${testClient.clientId}:${testClient.clientSecret}`).toString('base64')
    expect(request?.headers.authorization).toBe(where === 'header' ? `Basic ${credentials}` : undefined)
    expect(request?.parameters.get('client_secret')).toBe(where === 'body' ? testClient.clientSecret : null)
    expect(request?.url).toBe('/token')
  })

  test.each(unknown)(
    'says %s, which we cannot do: 502, and the token endpoint is not asked',
    async (_, methods) => {
      say(methods)
      const expected = { status: 502, code: 'provider_error', reason: 'token_auth_method_unknown' }
      await expectRefused(context, expected, (headers) => signInWrong(context, headers))
      expect(context.wrong.tokenRequests).toEqual([])
      expect(context.wrong.requests.get('/token')).toBeUndefined()
    },
  )

  test.each([
    ['a text', 'client_secret_basic'],
    ['null', null],
    ['numbers', [1]],
  ])('is %s, which nobody can read: 502 at the login already', async (_, methods) => {
    say(methods)
    const response = await context.gateway.fetch('/auth/login')
    expect([response.status, response.headers.getSetCookie()]).toEqual([502, []])
  })
})
