import type { Carried } from './operations.ts'

const text = { type: 'string' }

/** Headers of answers, by the name that the document refers to. */
export const answerHeaders = {
  'X-Request-Id': {
    description: 'The id of this request. Give it to whoever runs Keydesk when something is wrong.',
    schema: { ...text, example: 'req_7Zq0mXa2bK4dPf' },
  },
  'WWW-Authenticate': {
    description: 'The challenge of RFC 6750: what was wrong with the credential.',
    schema: { ...text, example: 'Bearer realm="keydesk", error="invalid_token"' },
  },
  Allow: {
    description: 'What the address answers to.',
    schema: { ...text, example: 'GET' },
  },
  ETag: {
    description: 'The version of what is answered; using it does not move it.',
    schema: { ...text, example: '"3"' },
  },
  Location: {
    description: 'Where to go on to.',
    schema: { ...text, format: 'uri-reference' },
  },
  'Retry-After': {
    description: 'Seconds after which to try again.',
    schema: { type: 'integer', minimum: 0, example: 12 },
  },
  RateLimit: {
    description: 'What is left of the limit, and when it is whole again.',
    schema: { ...text, example: '"key";r=0;t=12' },
  },
  'RateLimit-Policy': {
    description: 'The limit: so many requests in a window of seconds.',
    schema: { ...text, example: '"key";q=100;w=60' },
  },
  'Idempotency-Replayed': {
    description: 'Sent where the same request was answered before.',
    schema: { ...text, const: 'true', example: 'true' },
  },
  'X-Auth-Request-User': { description: 'The id of the user.', schema: text },
  'X-Auth-Request-Email': { description: 'The address of the user, or empty.', schema: text },
  'X-Auth-Request-Name': { description: 'The name of the user, percent-encoded UTF-8.', schema: text },
  'X-Auth-Request-Role': { description: 'The role of the user.', schema: { ...text, example: 'member' } },
  'X-Auth-Request-Groups': { description: 'The groups of the user, with commas between them.', schema: text },
  'X-Auth-Request-Method': {
    description: 'By what the user proved who they are.',
    schema: { ...text, enum: ['session', 'key', 'jwt'] },
  },
  'X-Auth-Request-Key-Id': { description: 'The id of the key behind it, or empty.', schema: text },
  'X-Auth-Request-Scopes': { description: 'What the key carries, with spaces between them.', schema: text },
  'X-Auth-Request-Jwt': { description: 'A JWT whose `aud` is the origin of the app.', schema: text },
  'X-Auth-Error': {
    description: 'The code of the refusal, also where the status had to be another.',
    schema: { ...text, example: 'rate_limited' },
  },
  'X-Auth-Retry-After': {
    description: 'For nginx, to which 429 and 503 cannot be said: seconds after which to try again.',
    schema: { type: 'integer', minimum: 0, example: 12 },
  },
  'X-Key-Lease-Until': {
    description: 'Until when the key works without another sign-in of its owner, where leases are on.',
    schema: { ...text, format: 'date-time' },
  },
  'X-Key-Retires-At': {
    description: 'When the key retires at the latest: its successor is there. Put that in its place.',
    schema: { ...text, format: 'date-time' },
  },
} as const
export type AnswerHeader = keyof typeof answerHeaders

/** Headers of requests, by the name that the document refers to. */
export const requestHeaders = {
  'if-match': {
    name: 'If-Match',
    in: 'header',
    required: false,
    description: 'The ETag that was read: where somebody has changed it since, nothing is done (412).',
    schema: { ...text, pattern: '^(\\*|"(0|[1-9][0-9]{0,8})")$', example: '"3"' },
  },
  'idempotency-key': {
    name: 'Idempotency-Key',
    in: 'header',
    required: false,
    description: 'A name of your own for this request. The same again within a day makes nothing new.',
    schema: { ...text, pattern: '^[!-~]{1,200}$', example: 'nightly-report-2027-01' },
  },
} as const

const identity = (Object.keys(answerHeaders) as AnswerHeader[]).filter((name) =>
  name.startsWith('X-Auth-Request-'),
)
const rate: AnswerHeader[] = ['RateLimit', 'RateLimit-Policy']

/** Which headers an answer of this status carries. */
export function headersOf(status: number, codes: readonly string[], carried: readonly Carried[]) {
  const names: AnswerHeader[] = ['X-Request-Id']
  if (status === 401 || codes.includes('insufficient_scope')) names.push('WWW-Authenticate')
  if (status === 405) names.push('Allow')
  if (status === 302 || status === 303) names.push('Location')
  if (status === 429 || status === 503) names.push('Retry-After')
  const isGood = status < 300
  if (isGood && status !== 204 && carried.includes('etag')) names.push('ETag')
  if (status === 200 && carried.includes('idempotency-key')) names.push('Idempotency-Replayed')
  if (carried.includes('key-state') && (isGood || status === 401 || status === 403))
    names.push('X-Key-Lease-Until', 'X-Key-Retires-At')
  if (carried.includes('identity')) names.push(...(isGood ? identity : ['X-Auth-Error' as const]))
  if (carried.includes('identity') && (status === 401 || status === 403))
    names.push(...(status === 401 ? (['Location'] as const) : (['X-Auth-Retry-After', ...rate] as const)))
  const isLimited = carried.includes('address-limit') || (carried.includes('key-state') && isGood)
  if (status === 429 || isLimited) names.push(...rate)
  return names
}
