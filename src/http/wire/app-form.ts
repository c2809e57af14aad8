import { z } from 'zod'
import type { App } from '../../storage/apps.ts'
import { optional, several, words } from '../forms.ts'
import { appFields, readApp } from './app.ts'

/** The fields of an app in a form. */
export const appFormFields = {
  host: appFields.host,
  path_prefixes: words(appFields.path_prefixes),
  groups: words(appFields.groups),
  roles: words(appFields.roles),
  scopes: words(appFields.scopes),
  methods: several(appFields.methods),
  note: optional(appFields.note),
}
const appForm = z.object(appFormFields)

/** What was filled in, for the services. */
export function readAppForm({
  host,
  path_prefixes,
  groups,
  roles,
  scopes,
  methods,
  note,
}: z.output<typeof appForm>) {
  return readApp({ host, path_prefixes, groups, roles, scopes, methods, note })
}

/** An app as its form shows it; members and administrators are everybody. */
export function writeAppForm(app: App): Record<string, string> {
  return {
    host: app.host,
    path_prefixes: app.pathPrefixes.join('\n'),
    groups: app.groups.join(' '),
    roles: app.roles.length === 1 ? (app.roles[0] ?? '') : '',
    scopes: app.scopes.join(' '),
    methods: app.methods.join(' '),
    note: app.note ?? '',
    version: String(app.version),
  }
}
