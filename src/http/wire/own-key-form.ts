import { z } from 'zod'
import { ownLifetimes } from '../../domain/own-scopes.ts'
import { several } from '../forms.ts'
import { label, scope } from './inputs.ts'
import { onceField } from './key-form.ts'

/** The form that makes a key of one's own. Nothing else is taken: whose it is says the session. */
export const ownKeyForm = z.strictObject({
  once: onceField,
  name: z
    .string()
    .refine((text) => text.trim() !== '', 'is empty: say what the key is for')
    .pipe(label),
  lifetime: z
    .enum(ownLifetimes.map(String), `must be one of ${ownLifetimes.join(', ')}`)
    .transform((days) => Number(days)),
  scopes: several(z.array(scope)),
})

export interface TypedOwnKey {
  name: string
  lifetime: string
  scopes: readonly string[]
}

/** The same, and what was filled in, for the page that shows the form again. For one request. */
export function rememberOwnKeyForm(typed: TypedOwnKey) {
  return z.preprocess((fields) => {
    const { name, lifetime, scopes } = fields as Record<string, unknown>
    if (typeof name === 'string') typed.name = name
    if (typeof lifetime === 'string') typed.lifetime = lifetime
    typed.scopes = [scopes].flat().filter((one) => typeof one === 'string')
    return fields
  }, ownKeyForm)
}
