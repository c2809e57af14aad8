/**
 * Text from outside (claims, user agents) made fit for every engine: Postgres takes neither U+0000 nor lone surrogates.
 * Both are dropped, and what is left is cut to `lengthMax` UTF-16 units.
 */
export function storableText(text: string, lengthMax: number): string {
  const clean = text.slice(0, lengthMax).replaceAll('\u0000', '')
  // A cut can split a pair; toWellFormed would put U+FFFD there, which nobody sent.
  return [...clean].filter((character) => character.isWellFormed()).join('')
}

/** Whether a text can be stored as it is, on every engine. */
export function isStorableText(text: string): boolean {
  return !text.includes('\u0000') && text.isWellFormed()
}

const depthMax = 16

/**
 * Whether a JSON value can be stored as it is: every text in it, names of members included, and no deeper than 16 levels,
 * so that nobody who reads it later runs out of stack.
 */
export function isStorableJson(value: unknown, depth = 1): boolean {
  if (typeof value === 'string') return isStorableText(value)
  if (typeof value !== 'object' || value === null) return true
  if (depth > depthMax) return false
  return Object.entries(value).every(
    ([name, member]) => isStorableText(name) && isStorableJson(member, depth + 1),
  )
}
