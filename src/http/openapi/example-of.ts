import type { Schema } from './document-types.ts'

/** What a reader would expect to see in a member of this name; the first that its type allows. */
const byName: Readonly<Record<string, readonly unknown[]>> = {
  id: ['3fT9xQ0aLmZ2'],
  ids: [['3fT9xQ0aLmZ2', '8dW1yBq5Nk7R']],
  user_id: ['usr_4Jw8sQm2Lx0TbVnC'],
  identity_id: ['idn_8rT2mVb5Qx1KcZpL'],
  predecessor_id: [null],
  successor_id: [null],
  name: ['nightly report'],
  email: ['ada@example.com'],
  email_verified: [true],
  picture: [null],
  provider: ['google'],
  issuer: ['https://accounts.google.com'],
  subject: ['104857600123456789012'],
  hd: ['example.com'],
  role: ['member'],
  groups: [['staff']],
  group: [['staff'], 'staff'],
  search: ['report'],
  scopes: [['reports:read']],
  scope: [['reports:read'], 'reports:read'],
  scope_limit: [null],
  metadata: [{ team: 'finance' }],
  rate_limit: [{ limit: 100, window_seconds: 60 }],
  allowed_addresses: [['203.0.113.0/24']],
  address: ['203.0.113.7'],
  user_agent: ['curl/8.5.0'],
  created_by: ['user:usr_4Jw8sQm2Lx0TbVnC'],
  actor: ['user:usr_4Jw8sQm2Lx0TbVnC'],
  target: ['key:3fT9xQ0aLmZ2'],
  action: ['key.minted'],
  facts: [{ name: 'nightly report' }],
  seq: [4711],
  version: [3],
  request_count: [1280],
  request_id: ['req_7Zq0mXa2bK4dPf'],
  expires_at: ['2027-06-30T00:00:00.000Z'],
  fetched_at: ['2027-01-31T12:00:00.000Z'],
  revoked_at: [null],
  revoked_reason: [null],
  rotated_at: [null],
  retires_at: [null],
  lease_until: [null],
  quiet_seconds: [null],
  code: [null, 'expired_key'],
  reason: ['left the company'],
  note: ['the whole company'],
  value: ['example.com'],
  next_cursor: [null],
  key_text: ['kd_3fT9xQ0aLmZ2_…'],
  dry_run: [false],
  count: [12],
  responsible_user_id: ['usr_9Kc3dRz7Yp5HqWfE'],
  url: ['https://keydesk.example.com/auth/login/google'],
  openapi: ['3.1.0'],
}

/** Ids say of what they are. */
const ids: Readonly<Record<string, string>> = {
  Key: '3fT9xQ0aLmZ2',
  key: '3fT9xQ0aLmZ2',
  User: 'usr_4Jw8sQm2Lx0TbVnC',
  user: 'usr_4Jw8sQm2Lx0TbVnC',
  Identity: 'idn_8rT2mVb5Qx1KcZpL',
  Invitation: 'inv_5Hn1xWq8Gd3SjRtM',
  AccessRule: 'rul_2Bv6zPk4Mf9LcXyA',
  Session: 'ses_6Dq2nYt0Uw7KbJhV',
  session: 'ses_6Dq2nYt0Uw7KbJhV',
  KeyOwner: 'usr_4Jw8sQm2Lx0TbVnC',
  owner: 'usr_4Jw8sQm2Lx0TbVnC',
  Responsible: 'usr_9Kc3dRz7Yp5HqWfE',
  responsible: 'usr_9Kc3dRz7Yp5HqWfE',
  AuditEvent: 'evt_1Gz5cFs9Xr3PmTkQ7LwB',
}

/** Bodies whose members do not all go together. */
export const requestExamples: Readonly<Record<string, unknown>> = {
  mintKey: {
    user_id: 'usr_4Jw8sQm2Lx0TbVnC',
    name: 'nightly report',
    scopes: ['reports:read'],
    expires_at: '2027-06-30T00:00:00Z',
  },
  changeKey: { name: 'weekly report', scopes: ['reports:read'] },
  changeUser: { groups: ['staff'], scope_limit: ['reports:read'] },
  revokeKeys: {
    filter: { status: 'active', unused_since: '2026-06-30T00:00:00Z' },
    dry_run: true,
    reason: 'unused',
  },
  previewAccessRules: { add: [{ kind: 'allow_domain', value: 'example.com' }], remove: [] },
  addAccessRule: { kind: 'allow_domain', value: 'example.com', note: 'the whole company' },
}

/**
 * A value that a schema would take, for readers: its example, else what its member's name suggests where that is
 * valid by its type, else something plain.
 */
export function exampleOf(schema: Schema, schemas: Readonly<Record<string, Schema>>, name = ''): unknown {
  if (schema.example !== undefined) return schema.example
  if (schema.$ref !== undefined) {
    const component = schema.$ref.replace('#/components/schemas/', '')
    return exampleOf(schemas[component] ?? {}, schemas, component)
  }
  if (schema.allOf !== undefined) {
    const parts = schema.allOf.map((part) => exampleOf(part, schemas, name))
    const members = memberExamples(schema, schemas, name)
    return Object.assign({}, ...parts.filter((part) => typeof part === 'object'), members)
  }
  if (schema.const !== undefined) return schema.const
  const suggested = byName[name]?.find((value) => fits(value, schema))
  if (suggested !== undefined) return suggested
  if (schema.default !== undefined) return schema.default
  if (schema.enum !== undefined) return schema.enum[0]
  const [choice] = (schema.anyOf ?? schema.oneOf ?? []).filter(({ type }) => type !== 'null')
  if (choice !== undefined) return exampleOf(choice, schemas, name)
  return plainExample(schema, schemas, name)
}

function plainExample(schema: Schema, schemas: Readonly<Record<string, Schema>>, name: string): unknown {
  switch (typesOf(schema)[0]) {
    case 'object':
      return memberExamples(schema, schemas, name)
    case 'array':
      return [exampleOf(schema.items ?? {}, schemas, name.replace(/s$/, ''))]
    case 'integer':
    case 'number':
      return schema.minimum ?? 1
    case 'boolean':
      return true
    case 'null':
      return null
    default:
      return schema.format === 'date-time' ? '2027-01-31T12:00:00.000Z' : 'text'
  }
}

function memberExamples(schema: Schema, schemas: Readonly<Record<string, Schema>>, name: string) {
  const members = Object.entries(schema.properties ?? {}).map(([member, of]) => {
    const id = member === 'id' ? ids[name] : undefined
    return [member, id ?? exampleOf(of, schemas, member)]
  })
  return Object.fromEntries(members)
}

/** Whether a suggestion may stand here: of a type that the schema names, and one of its values. */
function fits(value: unknown, schema: Schema): boolean {
  if (schema.enum !== undefined) return schema.enum.includes(value)
  const types = typesOf(schema)
  const choices = schema.anyOf ?? schema.oneOf
  if (choices !== undefined) return choices.some((choice) => fits(value, choice))
  if (schema.$ref !== undefined) return false
  if (value === null) return types.includes('null')
  if (Array.isArray(value)) return types.includes('array')
  if (typeof value === 'number') return types.includes('integer') || types.includes('number')
  return types.includes(typeof value)
}

export function typesOf({ type }: Schema): readonly string[] {
  return type === undefined ? [] : typeof type === 'string' ? [type] : type
}
