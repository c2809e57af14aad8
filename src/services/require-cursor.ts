import { KeydeskError } from '../domain/errors.ts'
import { type PageCursor, readCursor } from '../domain/page-cursor.ts'

/** Reads a cursor that a client sent back. @throws KeydeskError `invalid_request` for one that is not ours */
export function requireCursor(text: string | undefined): PageCursor | null {
  if (text === undefined) return null
  const cursor = readCursor(text)
  if (cursor !== null) return cursor
  throw new KeydeskError('invalid_request', {
    message:
      'cursor: is not one of ours. Send next_cursor of the page before, or leave it out for the first page.',
  })
}
