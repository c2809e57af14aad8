import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { textTag } from '../entity-tag.ts'
import type { AppEnvironment } from '../environment.ts'
import { buildOpenApiDocument } from '../openapi/build-document.ts'
import type { OpenApiDocument } from '../openapi/document-types.ts'
import { jsonAnswer, problemAnswers } from '../wire/answers.ts'

const read = createRoute({
  method: 'get',
  path: '/openapi.json',
  summary: 'This document',
  description: 'OpenAPI 3.1, made from the routes of this Keydesk: what is turned off here is not in it.',
  request: { query: z.strictObject({}) },
  responses: {
    200: jsonAnswer(z.looseObject({ openapi: z.string() }), 'The document.'),
    304: { description: 'It is still the one that `If-None-Match` names.' },
    ...problemAnswers(),
  },
})

/**
 * The document of everything that was registered before: call it last. It is public: it says what whoever has read our
 * source knows, and nothing of who is here. To make it takes a tenth of a second of thinking, once: the process does
 * it before it listens, by the function that is answered.
 */
export function openApiRoutes(app: OpenAPIHono<AppEnvironment>, baseUrl: string): () => OpenApiDocument {
  let made: { document: OpenApiDocument; text: string; tag: string } | undefined

  app.openapi(read, (c) => {
    const { text, tag } = makeOnce()
    c.header('ETag', tag)
    c.header('Cache-Control', 'no-cache')
    if (c.req.header('if-none-match') === tag) return c.body(null, 304)
    return c.body(text, 200, { 'Content-Type': 'application/json' }) as never
  })
  return () => makeOnce().document

  function makeOnce() {
    made ??= describe(buildOpenApiDocument(app, baseUrl))
    return made
  }
}

function describe(document: OpenApiDocument) {
  const text = JSON.stringify(document)
  return { document, text, tag: textTag(text) }
}
