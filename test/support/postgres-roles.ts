import pg from 'pg'

/** The role that Keydesk signs in with: no superuser, as with the database that a company gives it. */
const role = 'keydesk'

/** Makes the role where it is missing, with the password of the superuser. */
export async function ensureRole(adminUrl: string): Promise<void> {
  await asAdmin(adminUrl, async (client) => {
    const { rowCount } = await client.query('SELECT 1 FROM pg_roles WHERE rolname = $1', [role])
    if (rowCount !== 0) return
    const password = client.escapeLiteral(decodeURIComponent(new URL(adminUrl).password))
    await client.query(`CREATE ROLE ${role} LOGIN PASSWORD ${password}`)
  })
}

/** Makes the database where it is missing, and answers its URL for the role that owns it. */
export async function ensureDatabase(adminUrl: string, name: string): Promise<string> {
  await asAdmin(adminUrl, async (client) => {
    const { rowCount } = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [name])
    if (rowCount === 0) await client.query(`CREATE DATABASE ${client.escapeIdentifier(name)} OWNER ${role}`)
  })
  const url = new URL(adminUrl)
  url.username = role
  url.pathname = `/${name}`
  return url.href
}

/** Removes the database, whoever is still connected to it. */
export async function dropDatabase(adminUrl: string, name: string): Promise<void> {
  await asAdmin(adminUrl, (client) =>
    client.query(`DROP DATABASE IF EXISTS ${client.escapeIdentifier(name)} WITH (FORCE)`),
  )
}

/** Lets the role connect to the database, or keeps it from that and ends the connections that there are. */
export async function allowConnections(adminUrl: string, name: string, isAllowed: boolean): Promise<void> {
  await asAdmin(adminUrl, async (client) => {
    await client.query(`ALTER DATABASE ${client.escapeIdentifier(name)} ALLOW_CONNECTIONS ${isAllowed}`)
    if (!isAllowed)
      await client.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1', [name])
  })
}

async function asAdmin(adminUrl: string, work: (client: pg.Client) => Promise<unknown>): Promise<void> {
  const client = new pg.Client({ connectionString: adminUrl })
  await client.connect()
  try {
    await work(client)
  } finally {
    await client.end()
  }
}
