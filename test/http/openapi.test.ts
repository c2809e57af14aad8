import { readFileSync, writeFileSync } from 'node:fs'
import { Validator } from '@seriousme/openapi-schema-validator'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { errorCodes } from '../../src/domain/errors.ts'
import { adminScopeFor } from '../../src/http/admin-scope.ts'
import type { OpenApiDocument } from '../../src/http/openapi/document-types.ts'
import { isMachineRoute, operations as named } from '../../src/http/openapi/operations.ts'
import type { TestGateway } from '../support/gateway.ts'
import { registeredRoutes } from '../support/negative-context.ts'
import {
  answerOf,
  exampleUrl,
  misfit,
  operationsOf,
  readDocument,
  resolve,
  startWholeGateway,
} from '../support/openapi.ts'

const copy = new URL('../../docs/openapi.json', import.meta.url)

describe('the OpenAPI document', () => {
  let gateway: TestGateway
  let document: OpenApiDocument
  let all: ReturnType<typeof operationsOf>
  beforeAll(async () => {
    gateway = await startWholeGateway()
    document = await readDocument(gateway)
    all = operationsOf(document)
  })
  afterAll(() => gateway?.close())

  test('is valid OpenAPI 3.1', async () => {
    const { valid, errors } = await new Validator().validate(structuredClone(document) as any)
    expect(errors).toBeUndefined()
    expect(valid).toBe(true)
    expect(document.openapi).toBe('3.1.0')
  })

  test('is the stored copy, so that a change of the API shows in review; UPDATE_OPENAPI=1 writes it anew', () => {
    expect(document.servers).toEqual([{ url: gateway.url }])
    const text = `${JSON.stringify(document, null, 2).replaceAll(gateway.url, exampleUrl)}\n`
    if (process.env.UPDATE_OPENAPI === '1') writeFileSync(copy, text)
    expect(JSON.parse(text)).toEqual(JSON.parse(readFileSync(copy, 'utf8')))
    expect(text).toBe(readFileSync(copy, 'utf8'))
  })

  test('has every route for machines, and no other', () => {
    const routes = registeredRoutes()
      .map((route) => route.replaceAll(/:([a-z_]+)/g, '{$1}'))
      .filter((route) => isMachineRoute(route.split(' ')[1] ?? ''))
    expect(all.map(([name]) => name).sort()).toEqual([...new Set(routes)].sort())
    expect(all.length).toBeGreaterThan(40)
    for (const page of ['/', '/account', '/console', '/docs']) expect(document.paths).not.toHaveProperty(page)
  })

  test('every operation has a name that was given to it, a tag, a summary, and says who may call it', () => {
    for (const [name, { operationId, tags, summary, security }] of all) {
      expect(named[name]?.id, `${name} needs a name in src/http/openapi/operations.ts`).toBe(operationId)
      expect(tags, name).toHaveLength(1)
      expect(summary, name).toMatch(/^[A-Z].{5,}[^.]$/)
      for (const scheme of (security ?? []).flatMap((requirement) => Object.keys(requirement)))
        expect(document.components.securitySchemes, name).toHaveProperty(scheme)
    }
    const ids = all.map(([, { operationId }]) => operationId)
    expect(new Set(ids).size).toBe(ids.length)
    expect(Object.keys(named).sort(), 'nothing that there is not has a name').toEqual(
      all.map(([name]) => name).sort(),
    )
  })

  test('If-Match is taken by whatever can answer that somebody else was faster, and by nothing else', () => {
    const takesIfMatch = all
      .filter(([, { parameters = [] }]) =>
        parameters.some((one) => '$ref' in one && /If-Match$/.test(one.$ref)),
      )
      .map(([name]) => name)
    expect(takesIfMatch).toEqual(all.filter(([, { responses }]) => '412' in responses).map(([name]) => name))
  })

  test('every operation has an answer that is no error, with a schema and an example where it has JSON', () => {
    for (const [name, operation] of all) {
      const good = Object.keys(operation.responses).filter((status) => Number(status) < 400)
      expect(good.length, name).toBeGreaterThan(0)
      for (const status of good) {
        const media = answerOf(document, operation, status).content?.['application/json']
        if (media === undefined) continue
        expect(media.schema, `${name} ${status}`).toBeDefined()
        expect(media.example, `${name} ${status}`).toBeDefined()
        expect(misfit(document, media.schema ?? {}, media.example), `${name} ${status}`).toBeNull()
      }
    }
  })

  test('every body has an example that its schema takes', () => {
    for (const [name, { requestBody }] of all) {
      const media = requestBody?.content['application/json']
      if (media === undefined) continue
      expect(misfit(document, media.schema ?? {}, media.example), name).toBeNull()
    }
  })

  test('every operation of the admin API declares what its door can answer, and the scope that a key needs', () => {
    for (const [name, operation] of all.filter(([name]) => name.includes(' /admin/'))) {
      const [method = '', path = ''] = name.split(' ')
      expect(Object.keys(operation.responses), name).toEqual(
        expect.arrayContaining(['400', '401', '403', '429', '503']),
      )
      const scope = adminScopeFor(method, path)
      expect(operation['x-required-scope'], name).toBe(scope)
      expect(operation.security, name).toEqual([
        { masterKey: [] },
        { session: [] },
        { apiKey: [scope] },
        { bearerKey: [scope] },
      ])
    }
    for (const name of ['validateKey', 'validateKeyByPost', 'readOwnKey']) {
      const [, operation] = all.find(([, { operationId }]) => operationId === name) ?? []
      expect(Object.keys(operation?.responses ?? {}), name).toEqual(
        expect.arrayContaining(['200', '400', '401', '403', '429', '503']),
      )
    }
  })

  test('every error code is declared somewhere, under its own status, with an example that fits', () => {
    const declared = new Set<string>()
    for (const [name, operation] of all) {
      for (const status of Object.keys(operation.responses).filter((status) => Number(status) >= 400)) {
        const media = answerOf(document, operation, status).content?.['application/problem+json']
        for (const [code, { $ref }] of Object.entries(media?.examples ?? {})) {
          declared.add(code)
          expect(errorCodes[code as keyof typeof errorCodes]?.status, `${name} ${code}`).toBe(Number(status))
          const example = resolve(document, $ref).value
          expect(example, code).toMatchObject({ code, status: Number(status) })
          expect(misfit(document, media?.schema ?? {}, example), `${name} ${code}`).toBeNull()
        }
      }
    }
    expect([...declared].sort()).toEqual(Object.keys(errorCodes).sort())
  })

  test('a 401 carries a challenge, a 429 says when to come back, and every answer has the id of the request', () => {
    for (const [name, operation] of all) {
      for (const status of Object.keys(operation.responses)) {
        const headers = Object.keys(answerOf(document, operation, status).headers ?? {})
        expect(headers, name).toContain('X-Request-Id')
        if (status === '401') expect(headers, name).toContain('WWW-Authenticate')
        if (status === '429')
          expect(headers, name).toEqual(
            expect.arrayContaining(['Retry-After', 'RateLimit', 'RateLimit-Policy']),
          )
      }
    }
  })

  test('whatever refers to something refers to something that is there', () => {
    const refs = JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)
    for (const [, ref = ''] of refs) expect(resolve(document, ref), ref).toBeDefined()
  })

  test('is public, has an ETag, and says neither which Keydesk this is nor any secret', async () => {
    const first = await gateway.fetch('/openapi.json')
    const tag = first.headers.get('etag') ?? ''
    expect(first.headers.get('content-type')).toBe('application/json')
    expect(first.headers.get('cache-control')).toBe('no-cache')
    const again = await gateway.fetch('/openapi.json', { headers: { 'if-none-match': tag } })
    expect([again.status, await again.text()]).toEqual([304, ''])
    const text = await first.text()
    const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
    expect(document.info.version).toBe('1')
    for (const secret of [gateway.masterKey, version, 'q8Zr5Wb2Lx7Vt0Ky3Hn6', 'keydesk-tests'])
      expect(text).not.toContain(secret)
  })
})
