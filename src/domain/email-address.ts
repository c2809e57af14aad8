import { isStorableText } from './storable-text.ts'

/**
 * An email address in the form in which we compare and store it, lower-cased, or null when it is not one that we take:
 * exactly one `@`, a printable ASCII local part, an ASCII domain of letters, digits, dots and hyphens. Addresses with
 * other characters are refused: look-alikes are indistinguishable to the admin who wrote the rule.
 */
export function normalizeEmail(text: string): string | null {
  if (text.length > 254 || !isStorableText(text)) return null
  if (
    !/^[!-?A-~]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*$/.test(
      text,
    )
  )
    return null
  return text.toLowerCase()
}

/** The domain of a normalized address. */
export function emailDomain(email: string): string {
  return email.slice(email.lastIndexOf('@') + 1)
}
