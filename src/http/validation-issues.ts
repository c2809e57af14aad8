/** Names each field that is wrong and how; the values themselves are not repeated. */
export function describeIssues(issues: readonly { path: PropertyKey[]; message: string }[]): string {
  return issues
    .slice(0, 5)
    .map(({ path, message }) => {
      const told = inOurWords(message)
      return path.length === 0 ? told : `${path.map(String).join('.')}: ${told}`
    })
    .join('; ')
}

/** Zod calls a field a key, which is another word here. */
function inOurWords(message: string): string {
  return message.replace(
    /^Unrecognized key(s?): (.*)$/s,
    (_, several, names) => `${names} ${several === 's' ? 'are' : 'is'} not known here`,
  )
}
