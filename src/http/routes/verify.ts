import { createRoute, z } from '@hono/zod-openapi'
import { proxies } from '../../domain/forwarded-request.ts'
import { demands } from '../validate-request.ts'
import type { VerifyCall } from '../verify-answer.ts'
import { keyRefusals, problemAnswers } from '../wire/answers.ts'
import { verifySecurity } from '../wire/security.ts'

const verifyPath = '/auth/verify/'
const allowed = { 200: { description: 'Let it pass, with these headers in the place of the client’s own.' } }
const refusals = problemAnswers('unauthenticated', 'insufficient_scope', ...keyRefusals, 'forbidden')
const { 401: unauthenticated, 403: forbidden } = refusals
const toSignIn = {
  302: { description: 'A browser went there without a credential: to the sign-in, and back.' },
  303: {
    description: 'The same for a form that was sent: to the sign-in, and back to the front of the app.',
  },
}
const everyMethod = 'By any method; a body is not read.'

/** What the OpenAPI document says of it. */
export const verifyRoutes = [
  createRoute({
    method: 'get',
    path: '/auth/verify/nginx',
    summary: 'Whether a request may pass, for auth_request of nginx',
    description: `Asked with \`X-Original-Method\` and \`X-Original-URL\`. Only 200, 401 and 403, since nginx makes a 500 of all else: \`X-Auth-Error\` says the code. On a 401, \`Location\` is where a browser signs in. ${everyMethod}`,
    security: verifySecurity,
    request: { query: demands },
    responses: {
      ...allowed,
      ...(unauthenticated && { 401: unauthenticated }),
      ...(forbidden && { 403: forbidden }),
    },
  }),
  ...(['caddy', 'traefik'] as const).map((proxy) =>
    createRoute({
      method: 'get',
      path: `/auth/verify/${proxy}`,
      summary: `Whether a request may pass, for ${proxy === 'caddy' ? 'forward_auth of Caddy' : 'ForwardAuth of Traefik'}`,
      description: `Asked with \`X-Forwarded-Method\`, \`-Proto\`, \`-Host\` and \`-Uri\`. ${everyMethod}`,
      security: verifySecurity,
      request: { query: demands },
      responses: { ...allowed, ...toSignIn, ...refusals },
    }),
  ),
  createRoute({
    method: 'get',
    path: '/auth/verify/envoy/{target}',
    summary: 'Whether a request may pass, for ext_authz of Envoy',
    description: `Asked with the method, the \`Host\` and \`X-Forwarded-Proto\` of the request; its path and query follow ours as they are. Where scopes or groups are demanded, the prefix is \`/auth/verify/envoy?scope=a&group=b&target=\`. ${everyMethod}`,
    security: verifySecurity,
    request: { params: z.object({ target: z.string() }) },
    responses: { ...allowed, ...toSignIn, ...refusals },
  }),
]

/** Which proxy asks for a request target as it came, or null where none does. Envoy puts the path of the app behind ours. */
export function verifyCallOf(target: string): VerifyCall | null {
  if (!target.startsWith(verifyPath)) return null
  const proxy = proxies.find((name) => target.startsWith(name, verifyPath.length))
  if (proxy === undefined) return null
  const rest = target.slice(verifyPath.length + proxy.length)
  const isOurs = rest === '' || rest.startsWith('?') || (proxy === 'envoy' && rest.startsWith('/'))
  return isOurs ? { proxy, rest } : null
}
