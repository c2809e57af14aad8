/** The most groups that a user can be in, and that can be asked for at once. */
export const groupsMax = 100

/** Whether a text is a group: a label of admins, safe in a header and in a query, in the grammar of scopes. */
export function isGroup(text: string): boolean {
  return /^[a-z0-9][a-z0-9._:/-]{0,63}$/.test(text)
}
