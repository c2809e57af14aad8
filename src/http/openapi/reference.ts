import type {
  Field,
  Reference,
  ReferenceAnswer,
  ReferenceObject,
  ReferenceOperation,
  ReferenceTag,
} from '../../../templates/docs/reference.ts'
import { errorCodes } from '../../domain/errors.ts'
import { wholeAdminScope } from '../../domain/scopes.ts'
import { curlFor } from './curl-for.ts'
import { aboutOf, describeSchema, membersOf, objectOf } from './describe-schema.ts'
import type { Answer, Media, OpenApiDocument, Operation, Parameter } from './document-types.ts'
import { exampleOf } from './example-of.ts'
import { introduction } from './introduction.ts'
import { operations as named, tags } from './operations.ts'
import { codesOf } from './problem-answers.ts'

/** The document as the pages of `/docs` show it. */
export function makeReference(document: OpenApiDocument, guides: Reference['guides']): Reference {
  return {
    introduction,
    guides: guides.map(({ slug, title }) => ({ slug, title })),
    tags: tags
      .filter(({ name }) => document.tags.some((tag) => tag.name === name))
      .map(({ name, slug, description }) => makeTag({ name, slug, description }, document)),
    errors: Object.entries(errorCodes).map(([code, { status, title }]) => ({ code, status, title })),
  }
}

function makeTag(tag: Pick<ReferenceTag, 'name' | 'slug' | 'description'>, document: OpenApiDocument) {
  const operations = Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item)
      .filter(([, operation]) => operation.tags?.includes(tag.name))
      .map(([method, operation]) => makeOperation(method, path, operation, document)),
  )
  operations.sort((one, other) => placeOf(one) - placeOf(other))
  return { ...tag, operations, objects: objectsOf(operations, document) }
}

/** Operations stand in the order in which they were named. */
function placeOf({ method, path }: ReferenceOperation): number {
  return Object.keys(named).indexOf(`${method} ${path}`)
}

function makeOperation(
  method: string,
  path: string,
  operation: Operation,
  document: OpenApiDocument,
): ReferenceOperation {
  const { operationId = '', summary = '', description = '', requestBody, responses } = operation
  const { schemas } = document.components
  const body = jsonIn(requestBody?.content)
  const answers = Object.entries(responses).map(
    ([status, answer]) => [status, answerAt(answer, document)] as const,
  )
  return {
    id: operationId,
    method: method.toUpperCase(),
    path,
    summary,
    description,
    opens: whoMayCall(operation),
    parameters: (operation.parameters ?? []).map((parameter) => makeParameter(parameter, document)),
    body: body === undefined ? [] : membersOf(body, schemas),
    answers: answers
      .filter(([, answer]) => codesOf(answer).length === 0)
      .map(([status, answer]) => makeAnswer(status, answer, document)),
    errors: answers
      .map(([status, answer]) => ({ status, codes: codesOf(answer) }))
      .filter(({ codes }) => codes.length > 0),
    curl: curlFor(method, path, operation, document),
  }
}

function answerAt(answer: Answer | { $ref: string }, { components }: OpenApiDocument): Answer {
  if (!('$ref' in answer)) return answer
  return components.responses[answer.$ref.replace('#/components/responses/', '')] ?? { description: '' }
}

function makeParameter(parameter: Parameter | { $ref: string }, { components }: OpenApiDocument): Field {
  const known =
    '$ref' in parameter
      ? components.parameters[parameter.$ref.replace('#/components/parameters/', '')]
      : parameter
  const { name = '', in: where = '', required = false, description, schema = {} } = known ?? {}
  const { kind, object } = describeSchema(schema)
  return {
    name,
    where,
    isRequired: required,
    kind,
    about: aboutOf({ ...schema, ...(description && { description }) }),
    object,
  }
}

function makeAnswer(status: string, answer: Answer, { components }: OpenApiDocument): ReferenceAnswer {
  const schema = jsonIn(answer.content)
  const object = schema === undefined ? null : objectOf(schema)
  return {
    status,
    about: answer.description,
    headers: Object.keys(answer.headers ?? {}).filter((name) => name !== 'X-Request-Id'),
    object,
    fields: schema === undefined || object !== null ? [] : membersOf(schema, components.schemas),
  }
}

/** The schema of a body, or of each line of it. */
function jsonIn(content: Record<string, Media> | undefined) {
  return Object.entries(content ?? {}).find(([type]) => type.includes('json'))?.[1].schema
}

function whoMayCall({ security = [], 'x-required-scope': scope }: Operation): string[] {
  const names = new Set(security.flatMap((requirement) => Object.keys(requirement)))
  if (scope !== undefined) {
    const key = scope === wholeAdminScope ? `\`${scope}\`` : `\`${scope}\` or \`${wholeAdminScope}\``
    return [
      `Opened by a key of an admin that carries ${key}, by the session of an admin, and by the master key.`,
    ]
  }
  if (names.has('apiKey')) return ['Opened by an API key, as `X-API-Key` or `Authorization: Bearer`.']
  if (names.has('metricsToken')) return ['Opened by `Authorization: Bearer <METRICS_TOKEN>`.']
  if (names.has('session')) return ['For a browser: works by its session.']
  return ['Open to everybody.']
}

/** The objects that operations answer, and those within them, each once. */
function objectsOf(operations: readonly ReferenceOperation[], document: OpenApiDocument): ReferenceObject[] {
  const { schemas } = document.components
  const found = new Map<string, ReferenceObject>()
  const queue = operations.flatMap(({ answers, body, parameters }) => [
    ...answers.flatMap(({ object, fields }) => [object, ...fields.map((field) => field.object)]),
    ...[...body, ...parameters].map((field) => field.object),
  ])
  while (queue.length > 0) {
    const name = queue.shift() ?? ''
    const schema = schemas[name]
    if (schema === undefined || found.has(name)) continue
    const fields = membersOf(schema, schemas)
    found.set(name, { name, fields, example: JSON.stringify(exampleOf(schema, schemas, name), null, 2) })
    queue.push(...fields.map(({ object }) => object))
  }
  return [...found.values()]
}
