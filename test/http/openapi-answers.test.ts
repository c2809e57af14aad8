import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { OpenApiDocument } from '../../src/http/openapi/document-types.ts'
import type { TestGateway } from '../support/gateway.ts'
import { json } from '../support/json.ts'
import { answerOf, misfit, operationsOf, readDocument, startWholeGateway } from '../support/openapi.ts'

describe('what the OpenAPI document declares is what is answered', () => {
  let gateway: TestGateway
  let document: OpenApiDocument
  beforeAll(async () => {
    gateway = await startWholeGateway()
    document = await readDocument(gateway)
  })
  afterAll(() => gateway?.close())

  /** Holds an answer against the document: its status, its headers, its body and the error code in it. */
  async function expectDeclared(operationId: string, response: Response, status: number): Promise<any> {
    const [, operation] = operationsOf(document).find(([, one]) => one.operationId === operationId) ?? []
    if (operation === undefined) throw new Error(`no operation ${operationId}`)
    const text = await response.text()
    expect(response.status, `${operationId}: ${text}`).toBe(status)
    const declared = answerOf(document, operation, status)
    const names = Object.keys(declared.headers ?? {}).map((name) => name.toLowerCase())
    for (const name of watched.filter((name) => response.headers.has(name)))
      expect(names, `${operationId} ${status} sends ${name}`).toContain(name)
    const type = response.headers.get('content-type')?.split(';')[0] ?? ''
    if (declared.content === undefined) expect(text).toBe('')
    else expect(Object.keys(declared.content), operationId).toContain(type)
    if (!type.includes('json')) return text
    const body = JSON.parse(text)
    expect(
      misfit(document, declared.content?.[type]?.schema ?? {}, body),
      `${operationId} ${status}`,
    ).toBeNull()
    return body
  }

  const send = (method: string, body?: unknown, headers: Record<string, string> = {}) => ({
    method,
    headers: { 'content-type': 'application/json', ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })

  test('through the life of a key, from its service account to its end', async () => {
    const { asAdmin } = gateway
    const account = await expectDeclared(
      'createServiceAccount',
      await asAdmin('/admin/service-accounts', send('POST', { name: 'reports' })),
      201,
    )
    const wanted = { user_id: account.id, name: 'nightly', expires_at: '2099-01-01T00:00:00Z' }
    const once = { 'Idempotency-Key': 'answers' }
    const minted = await expectDeclared(
      'mintKey',
      await asAdmin('/admin/keys', send('POST', wanted, once)),
      201,
    )
    const replayed = await expectDeclared(
      'mintKey',
      await asAdmin('/admin/keys', send('POST', wanted, once)),
      200,
    )
    expect(replayed.key_text).toBeNull()
    const key = `/admin/keys/${minted.key.id}`
    const withKey = { headers: { 'x-api-key': minted.key_text } }
    await expectDeclared('validateKey', await gateway.fetch('/v1/validate', withKey), 200)
    await expectDeclared('validateKey', await gateway.fetch('/v1/validate?scope=a', withKey), 403)
    await expectDeclared('readOwnKey', await gateway.fetch('/v1/key', withKey), 200)
    await expectDeclared('listKeys', await asAdmin('/admin/keys?limit=1'), 200)
    await expectDeclared('readKey', await asAdmin(key), 200)
    await expectDeclared('changeKey', await asAdmin(key, send('PATCH', { name: 'weekly' })), 200)
    await expectDeclared(
      'changeKey',
      await asAdmin(key, send('PATCH', { name: 'x' }, { 'If-Match': '"99"' })),
      412,
    )
    const rotated = await asAdmin(`${key}/rotate`, send('POST', {}))
    await expectDeclared('rotateKey', rotated, 201)
    await expectDeclared('validateKey', await gateway.fetch('/v1/validate', withKey), 200)
    await expectDeclared('rotateKey', await asAdmin(`${key}/rotate`, send('POST', {})), 409)
    await expectDeclared('revokeKey', await asAdmin(`${key}?receipt=true`, { method: 'DELETE' }), 200)
    await expectDeclared('validateKey', await gateway.fetch('/v1/validate', withKey), 401)
    await expectDeclared('readUser', await asAdmin(`/admin/users/${account.id}`), 200)
    await expectDeclared('listUsers', await asAdmin('/admin/users'), 200)
    await expectDeclared('listAuditEvents', await asAdmin('/admin/audit'), 200)
  })

  test('to proxies: a pass and refusals', async () => {
    const { asAdmin } = gateway
    const account = await (await asAdmin('/admin/service-accounts', send('POST', { name: 'proxied' }))).json()
    const wanted = { user_id: (account as { id: string }).id, name: 'proxied' }
    const minted = await (await asAdmin('/admin/keys', send('POST', wanted))).json()
    const key = { 'x-api-key': (minted as { key_text: string }).key_text }
    const told = {
      nginx: { 'x-original-method': 'GET', 'x-original-url': `${gateway.url}/reports` },
      caddy: {
        'x-forwarded-method': 'GET',
        'x-forwarded-proto': 'http',
        'x-forwarded-host': new URL(gateway.url).host,
        'x-forwarded-uri': '/reports',
      },
    }
    for (const [operationId, path, lines] of [
      ['verifyForNginx', '/auth/verify/nginx', told.nginx],
      ['verifyForCaddy', '/auth/verify/caddy', told.caddy],
      ['verifyForTraefik', '/auth/verify/traefik', told.caddy],
      ['verifyForEnvoy', '/auth/verify/envoy/reports', told.caddy],
    ] as const) {
      const ask = (headers: object) =>
        gateway.fetch(path, {
          headers: { ...lines, ...headers } as Record<string, string>,
          redirect: 'manual',
        })
      await expectDeclared(operationId, await ask(key), 200)
      await expectDeclared(operationId, await ask({ 'x-api-key': 'x' }), 401)
      await expectDeclared(operationId, await ask({}), 401)
    }
    const lacking = await gateway.fetch('/auth/verify/nginx?scope=a', { headers: { ...told.nginx, ...key } })
    await expectDeclared('verifyForNginx', lacking, 403)
  })

  test('of rules, invitations and refusals', async () => {
    const { asAdmin } = gateway
    const rule = { kind: 'allow_domain', value: 'example.com' }
    await expectDeclared('addAccessRule', await asAdmin('/admin/access-rules', send('POST', rule)), 201)
    await expectDeclared('addAccessRule', await asAdmin('/admin/access-rules', send('POST', rule)), 409)
    await expectDeclared('listAccessRules', await asAdmin('/admin/access-rules'), 200)
    await expectDeclared(
      'previewAccessRules',
      await asAdmin('/admin/access-rules/preview', send('POST', {})),
      200,
    )
    const person = { email: 'ada@example.com' }
    const invited = await asAdmin('/admin/users', send('POST', person))
    const { id } = await expectDeclared('inviteUser', invited, 201)
    await expectDeclared('listInvitations', await asAdmin('/admin/invitations'), 200)
    const withdrawn = await asAdmin(`/admin/invitations/${id}`, { method: 'DELETE' })
    await expectDeclared('withdrawInvitation', withdrawn, 204)
    await expectDeclared('listKeys', await asAdmin('/admin/keys?nonsense=1'), 400)
    await expectDeclared('listKeys', await gateway.fetch('/admin/keys'), 401)
    await expectDeclared('readKey', await asAdmin('/admin/keys/nothing'), 404)
    const plain = { method: 'POST', headers: { 'content-type': 'text/plain' }, body: 'x' }
    await expectDeclared('mintKey', await asAdmin('/admin/keys', plain), 415)
    await expectDeclared('readSession', await gateway.fetch('/auth/session'), 401)
    await expectDeclared('getHealth', await gateway.fetch('/healthz'), 200)
    await expectDeclared('getReadiness', await gateway.fetch('/readyz'), 200)
  })

  test('of tokens that are asked about and stopped, and of codes', async () => {
    const { asAdmin } = gateway
    const account = await json(await asAdmin('/admin/service-accounts', send('POST', { name: 'gateway' })))
    const wanted = { user_id: account.id, name: 'x', scopes: ['keydesk:introspect'] }
    const { key_text: key } = await json(await asAdmin('/admin/keys', send('POST', wanted)))
    const form = (path: string, fields: Record<string, string>, headers: Record<string, string> = {}) =>
      gateway.fetch(path, { method: 'POST', headers, body: new URLSearchParams(fields) })
    const ask = (token: string, asker = key) => form('/v1/introspect', { token }, { 'x-api-key': asker })
    await expectDeclared('introspectToken', await ask(key), 200)
    await expectDeclared('introspectToken', await ask('x'), 200)
    await expectDeclared('introspectToken', await ask(''), 400)
    await expectDeclared('introspectToken', await ask('x', 'x'), 401)
    await expectDeclared('exchangeAuthCode', await form('/auth/exchange', {}), 400)
    await expectDeclared('revokeHeldKey', await form('/v1/revoke', {}), 400)
    await expectDeclared('revokeHeldKey', await gateway.fetch('/v1/revoke', send('POST', {})), 415)
    await expectDeclared('revokeHeldKey', await form('/v1/revoke', { token: key }), 200)
    await expectDeclared('introspectToken', await ask(key), 401)
  })
})

/** Headers that are of the contract; others belong to every answer of a web server. */
const watched = [
  'x-request-id',
  'www-authenticate',
  'etag',
  'location',
  'retry-after',
  'ratelimit',
  'ratelimit-policy',
  'idempotency-replayed',
  'x-key-lease-until',
  'x-key-retires-at',
  'x-auth-error',
  'x-auth-request-jwt',
]
