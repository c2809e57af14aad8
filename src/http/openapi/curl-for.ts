import type { OpenApiDocument, Operation } from './document-types.ts'

const formType = 'application/x-www-form-urlencoded'

const idOf: Readonly<Record<string, string>> = {
  keys: '3fT9xQ0aLmZ2',
  users: 'usr_4Jw8sQm2Lx0TbVnC',
  'service-accounts': 'usr_4Jw8sQm2Lx0TbVnC',
  identities: 'idn_8rT2mVb5Qx1KcZpL',
  sessions: 'ses_6Dq2nYt0Uw7KbJhV',
  invitations: 'inv_5Hn1xWq8Gd3SjRtM',
  'access-rules': 'rul_2Bv6zPk4Mf9LcXyA',
}

/** A line for a terminal that makes the call. */
export function curlFor(
  method: string,
  path: string,
  operation: Operation,
  document: OpenApiDocument,
): string {
  const names = new Set((operation.security ?? []).flatMap((requirement) => Object.keys(requirement)))
  const isWrite = method !== 'get'
  const takesOnce = operation.parameters?.some(
    (one) => '$ref' in one && one.$ref.endsWith('/Idempotency-Key'),
  )
  const { 'application/json': json, [formType]: form } = operation.requestBody?.content ?? {}
  const body = json?.example
  return [
    `curl ${isWrite ? `-X ${method.toUpperCase()} ` : ''}'${document.servers[0]?.url ?? ''}${filled(path)}'`,
    ...credentialOf(names),
    ...(takesOnce ? [`-H 'Idempotency-Key: nightly-report-2027-01'`] : []),
    ...(body === undefined
      ? (form?.schema?.required ?? []).map((name) => `--data-urlencode '${name}=…'`)
      : [`-H 'Content-Type: application/json'`, `-d '${JSON.stringify(body).replaceAll("'", "'\\''")}'`]),
  ].join(' \\\n  ')
}

function credentialOf(names: ReadonlySet<string>): string[] {
  if (names.has('masterKey')) return [`-H "Authorization: Bearer $PROXY_MASTER_KEY"`]
  if (names.has('apiKey')) return [`-H "X-API-Key: $KEYDESK_API_KEY"`]
  if (names.has('metricsToken')) return [`-H "Authorization: Bearer $METRICS_TOKEN"`]
  return names.has('session') ? [`-b "__Host-keydesk=$SESSION"`] : []
}

/** A path with ids of nothing in it. */
function filled(path: string): string {
  return path.replaceAll(/([a-z-]+)\/\{[a-z_]+\}/g, (_, of: string) => `${of}/${idOf[of] ?? 'google'}`)
}
