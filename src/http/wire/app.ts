import { z } from '@hono/zod-openapi'
import { normalHost } from '../../domain/app-host.ts'
import { parsePathPrefix, prefixCharactersMax } from '../../domain/app-path.ts'
import { proofMethods } from '../../domain/app-policy.ts'
import { isReservedScope, scopesMax } from '../../domain/scopes.ts'
import { isStorableText } from '../../domain/storable-text.ts'
import type { App } from '../../storage/apps.ts'
import { groups, scope } from './inputs.ts'

const prefixesMax = 50
const roles = ['member', 'admin'] as const

/** The host of an app in the form in which it is compared; a name in another script is stored in the form of DNS. */
const host = z
  .string()
  .trim()
  .max(300)
  .transform((text, context) => {
    const found = normalHost(toAscii(text))
    if (found !== null) return found
    context.addIssue(
      'must be a host alone, such as app.example.com or app.example.com:8443: no scheme, path, user, list or wildcard',
    )
    return z.NEVER
  })
  .openapi({
    description: 'With its port where that is neither 443 nor 80. No scheme, no path, no wildcard.',
    example: 'app.example.com',
  })

const pathPrefix = z
  .string()
  .trim()
  .transform((text, context) => {
    const path = parsePathPrefix(text)
    if (path !== null) return path
    context.addIssue(
      `must begin with / and be a path that every server reads alike, such as /reports: without //, dots for a folder, ; or \\, percent-encoded where URLs are, at most ${prefixCharactersMax} characters`,
    )
    return z.NEVER
  })
  .openapi({ example: '/reports', maxLength: prefixCharactersMax })

/** What an app asks of a key or a JWT. No app can ask for a right on Keydesk: no proxy is ever told of one. */
const appScope = scope.refine(
  (name) => !isReservedScope(name),
  'begins with keydesk:, which no app can ask for',
)

const note = z.string().trim().max(500).refine(isStorableText, 'holds characters that cannot be stored')

/** Those chosen, in the order in which there are; one that is named twice is meant once. */
function chosen<const Name extends string>(names: readonly Name[]) {
  return z.array(z.enum(names)).transform((list) => names.filter((name) => list.includes(name)))
}

export const appFields = {
  host,
  path_prefixes: z
    .array(pathPrefix)
    .max(prefixesMax)
    .refine((list) => new Set(list).size === list.length, 'names a path twice')
    .openapi({
      description:
        'These paths and what is below them, segment by segment. None: the whole host. The longest one decides.',
    }),
  groups: groups.transform(distinct).openapi({ description: 'In one of these. None: any.' }),
  roles: chosen(roles).openapi({ description: 'In one of these. None: any.' }),
  scopes: z
    .array(appScope)
    .max(scopesMax)
    .transform(distinct)
    .openapi({ description: 'Each of these. A session carries no scopes, so it does not pass then.' }),
  methods: chosen(proofMethods)
    .refine((list) => list.length > 0, 'names no way to prove who somebody is')
    .openapi({ description: 'How somebody may prove who they are.', minItems: 1 }),
  note,
}

export const newApp = z
  .strictObject({
    host: appFields.host,
    path_prefixes: appFields.path_prefixes.default([]),
    groups: appFields.groups.default([]),
    roles: appFields.roles.default([]),
    scopes: appFields.scopes.default([]),
    methods: appFields.methods.default([...proofMethods]),
    note: appFields.note.nullable().default(null),
  })
  .openapi('NewApp')

export const appChange = z
  .strictObject({ ...appFields, note: note.nullable() })
  .partial()
  .openapi('AppChange')

/** As the services take it. */
export function readApp<Fields extends z.output<typeof appChange>>({ path_prefixes, ...others }: Fields) {
  return { ...others, pathPrefixes: path_prefixes as Fields['path_prefixes'] }
}

export const wireApp = z
  .object({
    id: z.string(),
    host: z.string(),
    path_prefixes: z.array(z.string()),
    groups: z.array(z.string()),
    roles: z.array(z.enum(roles)),
    scopes: z.array(z.string()),
    methods: z.array(z.enum(proofMethods)),
    note: z.string().nullable(),
    created_by: z.string(),
    created_at: z.iso.datetime(),
    updated_at: z.iso.datetime(),
    version: z.int(),
  })
  .openapi('App')

export function toWireApp(app: App): z.output<typeof wireApp> {
  const { id, host, pathPrefixes, groups, roles, scopes, methods, note, version } = app
  return {
    id,
    host,
    path_prefixes: pathPrefixes,
    groups,
    roles,
    scopes,
    methods,
    note,
    created_by: app.createdBy,
    created_at: app.createdAt.toISOString(),
    updated_at: app.updatedAt.toISOString(),
    version,
  }
}

/** A host name in any script in the form of DNS; whatever could be something else stays as it is. */
function toAscii(text: string): string {
  const [, name = '', port = ''] = /^([\p{L}\p{M}\p{N}.。．｡-]+)(:[0-9]+)?$/u.exec(text) ?? []
  if (/^\p{ASCII}*$/u.test(name) || !URL.canParse(`http://${name}`)) return text
  return `${new URL(`http://${name}`).hostname}${port}`
}

function distinct(names: string[]): string[] {
  return [...new Set(names)]
}
