import { KeydeskError } from '../domain/errors.ts'

/** That something is as the caller has seen it; null takes it as it is. @throws KeydeskError `precondition_failed` */
export function requireVersion(seen: { readonly version: number }, version: number | null): void {
  if (version === null || seen.version === version) return
  throw new KeydeskError('precondition_failed', {
    message: 'This was changed since you read it. Read it again, and decide again.',
  })
}
