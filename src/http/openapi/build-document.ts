import type { OpenAPIHono } from '@hono/zod-openapi'
import type { AppEnvironment } from '../environment.ts'
import type { Answer, Media, OpenApiDocument, Operation, Schema } from './document-types.ts'
import { exampleOf, requestExamples } from './example-of.ts'
import { answerHeaders, headersOf, requestHeaders } from './headers.ts'
import { introduction } from './introduction.ts'
import { isMachineRoute, type NamedOperation, operations, tags } from './operations.ts'
import { codesOf, createProblemAnswers, problemExamples } from './problem-answers.ts'
import { requiredScope, securitySchemes, withScope } from './security-schemes.ts'

const info = {
  title: 'Keydesk',
  summary: 'An API-key desk: staff leave with a key; services ask whether it is good.',
  // Of the contract: which Keydesk it is, is nobody's business.
  version: '1',
  description: introduction.map(({ title, text }) => `## ${title}\n\n${text}`).join('\n\n'),
  license: { name: 'All rights reserved' },
}

interface Shared {
  readonly schemas: Readonly<Record<string, Schema>>
  readonly problems: ReturnType<typeof createProblemAnswers>
}

/**
 * The OpenAPI 3.1 document of everything that has been registered. What a route says of itself is taken as it is; what
 * belongs to all of them (names, tags, headers, scopes, examples) is added here.
 */
export function buildOpenApiDocument(app: OpenAPIHono<AppEnvironment>, baseUrl: string): OpenApiDocument {
  const generated = app.getOpenAPI31Document({
    openapi: '3.1.0',
    info,
    servers: [{ url: baseUrl }],
  }) as unknown as OpenApiDocument
  const { schemas } = generated.components
  const problems = createProblemAnswers()
  const paths = Object.fromEntries(
    Object.entries(generated.paths)
      .filter(([path]) => isMachineRoute(path))
      .map(([path, item]) => [path, completeItem(path, item, { schemas, problems })]),
  )
  const used = new Set(
    Object.values(paths).flatMap((item) => Object.values(item).flatMap(({ tags }) => tags)),
  )
  return {
    ...generated,
    tags: tags.filter(({ name }) => used.has(name)).map(({ name, description }) => ({ name, description })),
    paths,
    components: {
      schemas,
      responses: problems.responses,
      parameters: Object.fromEntries(Object.values(requestHeaders).map((header) => [header.name, header])),
      headers: { ...answerHeaders },
      examples: problemExamples(),
      securitySchemes: { ...securitySchemes },
    },
  }
}

function completeItem(path: string, item: Record<string, Operation>, shared: Shared) {
  return Object.fromEntries(
    Object.entries(item).map(([method, operation]) => [
      method,
      completeOperation(method, path, operation, shared),
    ]),
  )
}

function completeOperation(method: string, path: string, operation: Operation, shared: Shared): Operation {
  const { id, carries = [] } = nameOf(method, path)
  const scope = requiredScope(method, path)
  const { summary, description, security = [], parameters = [], requestBody, responses } = operation
  const headers = Object.entries(requestHeaders).filter(([name]) => carries.some((one) => one === name))
  const allParameters = [
    ...parameters,
    ...headers.map(([, { name }]) => ({ $ref: `#/components/parameters/${name}` })),
  ]
  return {
    operationId: id,
    tags: [tags.find(({ takes }) => takes.test(`${method.toUpperCase()} ${path}`))?.name ?? 'Operations'],
    ...(summary === undefined ? {} : { summary }),
    ...(description === undefined ? {} : { description }),
    security: withScope(security, scope),
    ...(scope === null ? {} : { 'x-required-scope': scope }),
    ...(allParameters.length === 0 ? {} : { parameters: allParameters }),
    ...(requestBody === undefined ? {} : { requestBody: completeBody(requestBody, id, shared) }),
    responses: Object.fromEntries(
      Object.entries(responses).map(([status, answer]) => [
        status,
        completeAnswer(Number(status), answer as Answer, carries, shared),
      ]),
    ),
  }
}

function completeBody(body: Operation['requestBody'] & object, id: string, shared: Shared) {
  return { ...body, content: withExamples(body.content, shared, requestExamples[id]) }
}

/** Where nobody gave a name, method and path make one: a missing one stops a test, and not a start. */
function nameOf(method: string, path: string): NamedOperation {
  const parts = path.replaceAll(/[{}]/g, '').split(/[^a-z0-9]+/i)
  const fallback = parts.map((part) => part.charAt(0).toUpperCase() + part.slice(1)).join('')
  return operations[`${method.toUpperCase()} ${path}`] ?? { id: `${method}${fallback}` }
}

function completeAnswer(
  status: number,
  answer: Answer,
  carries: NamedOperation['carries'] & object,
  shared: Shared,
): Answer | { $ref: string } {
  const codes = codesOf(answer)
  const names = headersOf(status, codes, carries)
  const headers = Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }]))
  const { description, content } = answer
  if (codes.length > 0)
    return shared.problems.refer({ description, headers, ...(content && { content }) }, codes, names)
  return { description, headers, ...(content && { content: withExamples(content, shared) }) }
}

function withExamples(content: Record<string, Media>, { schemas }: Shared, given?: unknown) {
  return Object.fromEntries(
    Object.entries(content).map(([type, media]) => {
      const isTold = media.example !== undefined || media.schema === undefined || !type.includes('json')
      return [type, isTold ? media : { ...media, example: given ?? exampleOf(media.schema ?? {}, schemas) }]
    }),
  )
}
