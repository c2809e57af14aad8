import { type ErrorCode, errorCodes } from '../../domain/errors.ts'
import { problemDocument } from '../problem.ts'
import type { Answer, OpenApiDocument, Schema } from './document-types.ts'

const problemType = 'application/problem+json'

/** The error codes that an answer can have; none for an answer that is no error. */
export function codesOf({ content }: Answer): string[] {
  const schema = content?.[problemType]?.schema
  return [schema, ...(schema?.allOf ?? [])].flatMap(codesIn)
}

function codesIn(schema: Schema | undefined): string[] {
  const code = schema?.properties?.code
  return (code?.enum ?? (code?.const === undefined ? [] : [code.const])) as string[]
}

/** The errors of many routes are the same: each stands in the document once, and routes refer to it. */
export function createProblemAnswers() {
  const responses: Record<string, Answer> = {}
  return { responses, refer }

  function refer(answer: Answer, codes: readonly string[], headers: readonly string[]): { $ref: string } {
    // The same codes, where the answer carries more: of a key that was proven, for a proxy, or of the limit of an address.
    const ofKey = headers.includes('X-Key-Retires-At') ? 'OfKey' : ''
    const limited = headers.includes('RateLimit') && !codes.includes('rate_limited') ? 'WithRateLimit' : ''
    const toProxy = headers.includes('X-Auth-Error') ? 'ToProxy' : ''
    const name = `${codes.map(pascal).join('')}${ofKey}${toProxy}${limited}`
    responses[name] ??= withExamples(answer, codes)
    return { $ref: `#/components/responses/${name}` }
  }
}

function withExamples(answer: Answer, codes: readonly string[]): Answer {
  const examples = Object.fromEntries(
    codes.map((code) => [code, { $ref: `#/components/examples/${code}` }] as const),
  )
  const media = answer.content?.[problemType]
  return { ...answer, content: { [problemType]: { ...media, examples } } }
}

/** One example for each error code. */
export function problemExamples(): OpenApiDocument['components']['examples'] {
  return Object.fromEntries(
    Object.entries(errorCodes).map(([code, { title }]) => [
      code,
      { summary: title, value: problemDocument(code as ErrorCode, `${title}.`, 'req_7Zq0mXa2bK4dPf') },
    ]),
  )
}

function pascal(text: string): string {
  return text
    .split(/[_-]/)
    .map((part) => part.charAt(0).toUpperCase() + part.slice(1))
    .join('')
}
