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

/** Whether every text in a JSON value, names of members included, can be stored as it is. */
export function isStorableJson(value: unknown): boolean {
  if (typeof value === 'string') return isStorableText(value)
  if (Array.isArray(value)) return value.every(isStorableJson)
  if (typeof value === 'object' && value !== null) {
    return Object.entries(value).every(([name, member]) => isStorableText(name) && isStorableJson(member))
  }
  return true
}
