/** What answers carry besides their body, and requests besides theirs. */
export type Carried = 'etag' | 'if-match' | 'idempotency-key' | 'key-state' | 'address-limit' | 'identity'

/** What cannot be read from a route: its name in clients, and its headers. */
export interface NamedOperation {
  readonly id: string
  readonly carries?: readonly Carried[]
}

const byAddress = ['address-limit'] as const
const identity = ['key-state', 'identity'] as const

/**
 * Every operation of the OpenAPI document, by method and path. Clients are generated with these names: one that was
 * given stays. A test fails for a route that has none.
 */
export const operations: Readonly<Record<string, NamedOperation>> = {
  'GET /healthz': { id: 'getHealth' },
  'GET /readyz': { id: 'getReadiness' },
  'GET /metrics': { id: 'getMetrics' },
  'GET /openapi.json': { id: 'getOpenApiDocument', carries: ['etag'] },

  'GET /v1/validate': { id: 'validateKey', carries: ['key-state'] },
  'POST /v1/validate': { id: 'validateKeyByPost', carries: ['key-state'] },
  'GET /v1/key': { id: 'readOwnKey', carries: byAddress },

  'POST /v1/token': { id: 'issueToken', carries: ['key-state'] },
  'POST /v1/introspect': { id: 'introspectToken', carries: ['key-state'] },
  'POST /v1/revoke': { id: 'revokeHeldKey', carries: byAddress },
  'POST /auth/exchange': { id: 'exchangeAuthCode', carries: byAddress },
  'GET /.well-known/jwks.json': { id: 'readPublicKeys' },
  'GET /.well-known/oauth-authorization-server': { id: 'readAuthorizationServer' },

  'GET /auth/verify/nginx': { id: 'verifyForNginx', carries: identity },
  'GET /auth/verify/caddy': { id: 'verifyForCaddy', carries: identity },
  'GET /auth/verify/traefik': { id: 'verifyForTraefik', carries: identity },
  'GET /auth/verify/envoy/{target}': { id: 'verifyForEnvoy', carries: identity },

  'GET /auth/login': { id: 'beginSignIn', carries: byAddress },
  'GET /auth/login/{provider}': { id: 'beginSignInAt', carries: byAddress },
  'GET /auth/callback': { id: 'finishSignIn', carries: byAddress },
  'GET /auth/callback/{provider}': { id: 'finishSignInFrom', carries: byAddress },
  'GET /auth/session': { id: 'readSession', carries: byAddress },
  'POST /auth/logout': { id: 'logOut', carries: byAddress },
  'POST /auth/logout/everywhere': { id: 'logOutEverywhere', carries: byAddress },

  'GET /admin/keys': { id: 'listKeys' },
  'POST /admin/keys': { id: 'mintKey', carries: ['etag', 'idempotency-key'] },
  'GET /admin/keys/{id}': { id: 'readKey', carries: ['etag'] },
  'PATCH /admin/keys/{id}': { id: 'changeKey', carries: ['etag', 'if-match'] },
  'DELETE /admin/keys/{id}': { id: 'revokeKey', carries: ['if-match'] },
  'POST /admin/keys/revoke': { id: 'revokeKeys' },
  'POST /admin/keys/{id}/rotate': { id: 'rotateKey', carries: ['etag', 'if-match', 'idempotency-key'] },
  'POST /admin/keys/{id}/retire': { id: 'retireKey', carries: ['etag', 'if-match'] },

  'GET /admin/users': { id: 'listUsers' },
  'POST /admin/users': { id: 'inviteUser' },
  'GET /admin/users/{id}': { id: 'readUser', carries: ['etag'] },
  'PATCH /admin/users/{id}': { id: 'changeUser', carries: ['etag', 'if-match'] },
  'DELETE /admin/users/{id}': { id: 'eraseUser', carries: ['if-match'] },
  'POST /admin/users/{id}/identities': { id: 'approveIdentity' },
  'DELETE /admin/users/{id}/identities/{identity_id}': { id: 'removeIdentity' },
  'POST /admin/users/{id}/revoke-everything': { id: 'revokeEverything' },
  'GET /admin/users/{id}/sessions': { id: 'listSessionsOfUser' },
  'DELETE /admin/users/{id}/sessions': { id: 'endSessionsOfUser' },
  'DELETE /admin/users/{id}/sessions/{session_id}': { id: 'endSession' },
  'DELETE /admin/sessions': { id: 'endAllSessions' },
  'GET /admin/service-accounts': { id: 'listServiceAccounts' },
  'POST /admin/service-accounts': { id: 'createServiceAccount', carries: ['etag'] },
  'GET /admin/invitations': { id: 'listInvitations' },
  'DELETE /admin/invitations/{id}': { id: 'withdrawInvitation' },
  'GET /admin/access-rules': { id: 'listAccessRules' },
  'POST /admin/access-rules': { id: 'addAccessRule' },
  'POST /admin/access-rules/preview': { id: 'previewAccessRules' },
  'DELETE /admin/access-rules/{id}': { id: 'removeAccessRule' },
  'GET /admin/apps': { id: 'listApps' },
  'POST /admin/apps': { id: 'addApp', carries: ['etag'] },
  'GET /admin/apps/{id}': { id: 'readApp', carries: ['etag'] },
  'PATCH /admin/apps/{id}': { id: 'changeApp', carries: ['etag', 'if-match'] },
  'DELETE /admin/apps/{id}': { id: 'removeApp', carries: ['if-match'] },
  'GET /admin/signing-keys': { id: 'listSigningKeys' },
  'POST /admin/signing-keys/rotate': { id: 'rotateSigningKey' },
  'GET /admin/audit': { id: 'listAuditEvents' },
  'GET /admin/audit/export': { id: 'exportAuditEvents' },
  'GET /admin/audit/verify': { id: 'verifyAuditChain' },
}

/** A part of the reference: a tag of the document, and a page of `/docs`. */
export interface Tag {
  readonly name: string
  readonly slug: string
  readonly description: string
  /** Which operations belong to it, by method and path; the first tag that fits counts. */
  readonly takes: RegExp
}

export const tags: readonly Tag[] = [
  {
    name: 'Tokens',
    slug: 'tokens',
    description: 'JWTs for services that check without asking: how to get one, and the keys to check it by.',
    takes: / \/(v1\/token|\.well-known\/|admin\/signing-keys)/,
  },
  {
    name: 'Standards',
    slug: 'standards',
    description:
      'What OAuth has words for: ask about a token, stop one, and a code for an app on another domain.',
    takes: / \/(v1\/(introspect|revoke)|auth\/exchange)$/,
  },
  {
    name: 'Validation',
    slug: 'validation',
    description: 'What services ask: whether a key is good. And what a key can learn of itself.',
    takes: / \/v1\//,
  },
  {
    name: 'Keys',
    slug: 'keys',
    description: 'Find whose a key is, change what it carries, and stop it.',
    takes: /^(GET|PATCH|DELETE) \/admin\/keys/,
  },
  {
    name: 'Minting and rotation',
    slug: 'minting',
    description: 'Make a key, replace one without an outage, and revoke many at once.',
    takes: /^POST \/admin\/keys/,
  },
  {
    name: 'Users',
    slug: 'users',
    description: 'Who is known here, and in which role.',
    takes: / \/admin\/users(\/\{id\}(\/revoke-everything)?)?$/,
  },
  {
    name: 'Service accounts',
    slug: 'service-accounts',
    description: 'Owners of keys that are not people.',
    takes: / \/admin\/service-accounts/,
  },
  {
    name: 'Access',
    slug: 'access',
    description: 'Who may come in, who was asked in, and by which identities people sign in.',
    takes: / \/admin\/(access-rules|invitations|users\/\{id\}\/identities)/,
  },
  {
    name: 'Apps',
    slug: 'apps',
    description: 'Who may reach which app behind a proxy, and how they prove who they are.',
    takes: / \/admin\/apps/,
  },
  {
    name: 'Sessions',
    slug: 'sessions',
    description: 'Browsers that are signed in.',
    takes: / \/(admin\/(users\/\{id\}\/)?sessions|auth\/(session|logout))/,
  },
  {
    name: 'Audit',
    slug: 'audit',
    description: 'What happened, who did it, and the proof that nobody rewrote it.',
    takes: / \/admin\/audit/,
  },
  {
    name: 'Proxies',
    slug: 'proxies',
    description: 'What a proxy asks before it lets a request through to an app.',
    takes: / \/auth\/verify\//,
  },
  {
    name: 'Sign-in',
    slug: 'sign-in',
    description: 'Where a front end sends a browser to sign in, and where providers send it back to.',
    takes: / \/auth\//,
  },
  {
    name: 'Operations',
    slug: 'operations',
    description: 'For whoever runs Keydesk.',
    takes: /^/,
  },
]

/** Pages, which are for people, are not in the document; nor are the files that they need. */
export function isMachineRoute(path: string): boolean {
  return /^\/(v1|\.well-known|auth|admin|healthz|readyz|metrics|openapi\.json)(\/|$)/.test(path)
}
