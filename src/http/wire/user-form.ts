import { z } from 'zod'
import { KeydeskError } from '../../domain/errors.ts'
import type { UserChange } from '../../services/change-user.ts'
import { words } from '../forms.ts'
import { emailAddress, groups, label, scopeLimit } from './inputs.ts'

/** The fields of groups and of the limit of scopes, as `groups-and-limit.tsx` has them. */
export const groupsAndLimit = {
  groups: words(groups),
  limit: z.enum(['none', 'listed']),
  scope_limit: words(scopeLimit.unwrap()),
}

/** The fields of a user. Each form of the page has some of them; what is not given stays as it is. */
export const userFormFields = {
  name: label.optional(),
  responsible: emailAddress.optional(),
  role: z.enum(['member', 'admin']).optional(),
  status: z.enum(['active', 'disabled']).optional(),
  groups: groupsAndLimit.groups.optional(),
  limit: groupsAndLimit.limit.optional(),
  scope_limit: groupsAndLimit.scope_limit.optional(),
}
const userForm = z.object(userFormFields)

/** All but who answers for it. @throws KeydeskError `invalid_request` */
export function toUserChange(fields: z.output<typeof userForm>): UserChange {
  const { name, role, status, groups: ofUser, limit, scope_limit: scopes } = fields
  if ((limit === undefined) !== (scopes === undefined)) {
    throw new KeydeskError('invalid_request', { message: 'limit, scope_limit: come together' })
  }
  const limited = limit === undefined || scopes === undefined ? undefined : toScopeLimit(limit, scopes)
  return { name, role, status, groups: ofUser, scopeLimit: limited }
}

/** @throws KeydeskError `invalid_request` where scopes are listed that would count for nothing */
export function toScopeLimit(limit: 'none' | 'listed', scopes: string[]): string[] | null {
  if (limit === 'listed') return scopes
  if (scopes.length === 0) return null
  throw new KeydeskError('invalid_request', {
    message: 'scope_limit: lists scopes, but keys may carry any. Choose “Only these scopes”, or list none.',
  })
}
