import { execFile } from 'node:child_process'
import { existsSync, writeSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import { json } from '../support/json.ts'

const folder = fileURLToPath(new URL('../../examples/typescript-client/', import.meta.url))
const isInstalled = existsSync(`${folder}node_modules`)
const how = 'npm ci --prefix examples/typescript-client'
if (!isInstalled && !process.env.CI)
  writeSync(1, `Skipped the typed client, which is a package of its own. Install it with: ${how}\n`)

// A path of the moment: the main package neither compiles the example nor needs its packages.
const load = (file: string): Promise<any> => import(new URL(file, `file://${folder}src/`).href)
const run = (file: string, ...argv: string[]) =>
  promisify(execFile)(process.execPath, [`${folder}node_modules/${file}`, ...argv], { cwd: folder })

describe.skipIf(!isInstalled && !process.env.CI)('the typed client of examples/typescript-client', () => {
  let gateway: TestGateway
  let userId: string
  beforeAll(async () => {
    if (!isInstalled) throw new Error(`CI needs the packages of the typed client: ${how}`)
    gateway = await startGateway()
    const made = await gateway.asAdmin('/admin/service-accounts', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ name: 'typed client' }),
    })
    userId = (await json(made)).id
  })
  afterAll(() => gateway?.close())

  test('lists, mints, validates and revokes against a running gateway', async () => {
    const { mintValidateRevoke } = await load('example.ts')
    const { url: baseUrl, masterKey } = gateway
    const learned = await mintValidateRevoke({ baseUrl, masterKey, userId })
    expect(learned).toEqual({
      keyId: expect.stringMatching(/^[0-9A-Za-z]{12}$/),
      scopes: ['reports:read'],
      isRevoked: true,
      statuses: ['revoked'],
    })
  })

  test('an error is the problem of the contract, as data or thrown', async () => {
    const { createKeydeskClient, dataOf, KeydeskProblem } = await load('index.ts')
    const client = createKeydeskClient({ baseUrl: gateway.url, apiKey: 'kd_nothing' })
    const { data, error, response } = await client.GET('/v1/validate')
    expect([data, error.code, error.status, response.status]).toEqual([undefined, 'invalid_key', 401, 401])
    expect(error.request_id).toBe(response.headers.get('x-request-id'))
    const answer = await client.GET('/admin/keys/{id}', { params: { path: { id: 'nothing' } } })
    expect(() => dataOf(answer)).toThrow(KeydeskProblem)
    expect(() => dataOf(answer)).toThrow(/^unauthenticated: /)
  })

  test('is what its generator makes of the stored document', { timeout: 120_000 }, async () => {
    const generate = ['../../docs/openapi.json', '--default-non-nullable', 'false']
    await run('openapi-typescript/bin/cli.js', ...generate, '--output', 'src/schema.d.ts', '--check')
  })

  test('compiles, and a misspelt error code would not', { timeout: 120_000 }, async () => {
    await run('typescript/bin/tsc', '--project', folder)
  })
})
