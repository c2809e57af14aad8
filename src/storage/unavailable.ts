import { KeydeskError } from '../domain/errors.ts'

/** Whatever a database does not do is our failure, never an answer. The cause is for the log only. */
export function unavailable(cause: unknown): KeydeskError {
  return new KeydeskError('unavailable', {
    message: 'The database did not answer. Try again in a moment.',
    cause,
  })
}
