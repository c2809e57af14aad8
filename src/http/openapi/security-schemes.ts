import { wholeAdminScope } from '../../domain/scopes.ts'
import { adminScopeFor } from '../admin-scope.ts'

/** The credentials that there are, and what each opens. */
export const securitySchemes = {
  apiKey: {
    type: 'apiKey',
    in: 'header',
    name: 'X-API-Key',
    description: `An API key. Opens /v1/…; and /admin/… where it carries the scope that the operation names, or \`${wholeAdminScope}\`, and its owner is an admin right now.`,
  },
  bearerKey: {
    type: 'http',
    scheme: 'bearer',
    description: 'The same key as `Authorization: Bearer`. One of the two, never both.',
  },
  masterKey: {
    type: 'http',
    scheme: 'bearer',
    description:
      'PROXY_MASTER_KEY as `Authorization: Bearer`. Opens /admin/… whole, unless ADMIN_BEARER is off.',
  },
  clientCredentials: {
    type: 'http',
    scheme: 'basic',
    description:
      'The same key as an OAuth client shows it (RFC 6749 §2.3.1): its id is the user name, the key the password. For /v1/token.',
  },
  session: {
    type: 'apiKey',
    in: 'cookie',
    name: '__Host-keydesk',
    description:
      'The cookie of a browser that is signed in. Opens /auth/session; and /admin/… for admins, where a write has to come from a page of Keydesk (`Sec-Fetch-Site: same-origin`).',
  },
  appSession: {
    type: 'apiKey',
    in: 'cookie',
    name: '__Secure-keydesk-app',
    description:
      'The cookie of the same browser for apps on sibling hosts, where COOKIE_DOMAIN is set. Opens /auth/verify/… and nothing else.',
  },
  jwt: {
    type: 'http',
    scheme: 'bearer',
    bearerFormat: 'JWT',
    description:
      'A JWT of ours as `Authorization: Bearer`. Opens /auth/verify/… for the app whose origin is its `aud`, while the key or the session that it came from is good.',
  },
  metricsToken: {
    type: 'http',
    scheme: 'bearer',
    description: 'METRICS_TOKEN as `Authorization: Bearer`. Opens /metrics.',
  },
} as const

/** The scope that a key needs for an operation: what `requireAdmin` asks for. Null outside the admin API. */
export function requiredScope(method: string, path: string): string | null {
  return path.startsWith('/admin/') ? adminScopeFor(method.toUpperCase(), path) : null
}

type Requirement = Record<string, string[]>

/** The requirements of a route, with the scope at the schemes that carry scopes (OpenAPI 3.1 §4.8.30.1). */
export function withScope(security: readonly Requirement[], scope: string | null): Requirement[] {
  if (scope === null) return [...security]
  return security.map((requirement) =>
    Object.fromEntries(
      Object.keys(requirement).map((name) => [
        name,
        name === 'apiKey' || name === 'bearerKey' ? [scope] : [],
      ]),
    ),
  )
}
