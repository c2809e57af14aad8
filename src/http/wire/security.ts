/** Who may call the admin API: the master key, or the browser session of an admin. */
export const adminSecurity: { [scheme: string]: string[] }[] = [{ masterKey: [] }, { session: [] }]
