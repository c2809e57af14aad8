import type { Field } from '../../../templates/docs/reference.ts'
import type { Schema } from './document-types.ts'
import { typesOf } from './example-of.ts'

const refPrefix = '#/components/schemas/'

/** What a value is, in a few words, and the named object that it is or holds. */
export function describeSchema(schema: Schema): { kind: string; object: string | null } {
  const object = objectOf(schema)
  const of = object === null && schema.items !== undefined ? describeSchema(schema.items) : null
  const types = typesOf(schema).filter((type) => type !== 'null')
  const isNullable = typesOf(schema).includes('null') || choicesOf(schema).some(({ type }) => type === 'null')
  const inner = schema.items === undefined ? null : objectOf(schema.items)
  const kind =
    object !== null || inner !== null
      ? schema.items === undefined
        ? 'object'
        : 'list of'
      : of !== null
        ? `list of ${of.kind.split(', at most')[0]}`
        : plainKind(schema, types)
  return { kind: isNullable ? `null or ${kind}` : kind, object: object ?? inner ?? of?.object ?? null }
}

/** The component that a schema refers to, alone or beside null. */
export function objectOf(schema: Schema): string | null {
  const ref = schema.$ref ?? choicesOf(schema).find(({ $ref }) => $ref !== undefined)?.$ref
  return ref?.startsWith(refPrefix) ? ref.slice(refPrefix.length) : null
}

/** The members of an object, or of the one that is referred to. */
export function membersOf(schema: Schema, schemas: Readonly<Record<string, Schema>>): Field[] {
  const parts = [schema, ...(schema.allOf ?? [])].map((part) =>
    part.$ref === undefined ? part : (schemas[part.$ref.slice(refPrefix.length)] ?? {}),
  )
  return parts.flatMap(({ properties = {}, required = [] }) =>
    Object.entries(properties).map(([name, member]) => ({
      name,
      isRequired: required.includes(name),
      about: aboutOf(member),
      ...describeSchema(member),
    })),
  )
}

function choicesOf(schema: Schema): readonly Schema[] {
  return [...(schema.allOf ?? []), ...(schema.anyOf ?? []), ...(schema.oneOf ?? [])]
}

function plainKind(schema: Schema, types: readonly string[]): string {
  if (schema.const !== undefined) return JSON.stringify(schema.const)
  if (schema.enum !== undefined) return schema.enum.map((value) => JSON.stringify(value)).join(' or ')
  const choices = choicesOf(schema).filter(({ type }) => type !== 'null')
  if (types.length === 0 && choices.length > 0)
    return choices.map((choice) => describeSchema(choice).kind).join(' or ')
  if (schema.format === 'date-time') return 'time'
  const members = Object.keys(schema.properties ?? {})
  if (members.length > 6) return 'object, as in the example'
  if (members.length > 0) return `object of ${members.join(', ')}`
  return `${types.join(' or ') || 'anything'}${limitsOf(schema)}`
}

function limitsOf({ minimum, maximum, maxLength, maxItems }: Schema): string {
  if (minimum !== undefined && maximum !== undefined) return `, ${minimum} to ${maximum}`
  if (maxLength !== undefined) return `, at most ${maxLength} characters`
  return maxItems === undefined ? '' : `, at most ${maxItems}`
}

/** What is said of a value, and what it is where it is left out. */
export function aboutOf({ description, default: standard }: Schema): string {
  const without =
    standard === undefined || standard === null ? '' : `Default: \`${JSON.stringify(standard)}\`.`
  return [description, without].filter((part) => part !== undefined && part !== '').join(' ')
}
