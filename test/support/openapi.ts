import { z } from 'zod'
import type { Answer, OpenApiDocument, Operation, Schema } from '../../src/http/openapi/document-types.ts'
import { startGateway, type TestGateway } from './gateway.ts'

/** What stands in the stored copy where each Keydesk has its own address. */
export const exampleUrl = 'https://keydesk.example.com'

/** A gateway with everything turned on that puts routes into the document. Nobody signs in at its provider. */
export function startWholeGateway(): Promise<TestGateway> {
  return startGateway({
    METRICS_TOKEN: 'q8Zr5Wb2Lx7Vt0Ky3Hn6',
    GOOGLE_CLIENT_ID: 'keydesk-tests',
    GOOGLE_CLIENT_SECRET: 'Kw3vT9xQ0aLmZ2bK4dPf7Zq0',
    GOOGLE_ISSUER: 'http://127.0.0.1:9',
  })
}

export async function readDocument(gateway: TestGateway): Promise<OpenApiDocument> {
  return (await (await gateway.fetch('/openapi.json')).json()) as OpenApiDocument
}

/** Every operation with its method and path, as `GET /admin/keys/{id}`. */
export function operationsOf(document: OpenApiDocument): [name: string, operation: Operation][] {
  return Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]): [string, Operation] => [
      `${method.toUpperCase()} ${path}`,
      operation,
    ]),
  )
}

/** The answer of an operation for a status, wherever the document keeps it. */
export function answerOf(document: OpenApiDocument, operation: Operation, status: number | string): Answer {
  const answer = operation.responses[status]
  if (answer === undefined) throw new Error(`${operation.operationId} declares no ${status}`)
  return '$ref' in answer ? resolve(document, answer.$ref) : answer
}

/** What the document has at a pointer of its own. */
export function resolve(document: OpenApiDocument, ref: string): any {
  return ref
    .replace('#/', '')
    .split('/')
    .reduce((value: any, name) => value[name], document)
}

/** What is wrong with a value by a schema of the document; null where it fits. */
export function misfit(document: OpenApiDocument, schema: Schema, value: unknown): string | null {
  const whole = { ...schema, $defs: document.components.schemas }
  const local = JSON.parse(JSON.stringify(whole).replaceAll('#/components/schemas/', '#/$defs/'))
  const result = z.fromJSONSchema(local).safeParse(value)
  return result.success ? null : z.prettifyError(result.error)
}
