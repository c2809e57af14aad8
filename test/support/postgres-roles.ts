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

/** Makes the database where it is missing, empty or as a copy of another, and answers its URL for the role that owns it. */
export async function ensureDatabase(
  adminUrl: string,
  name: string,
  template = 'template1',
): Promise<string> {
  await asAdmin(adminUrl, async (client) => {
    const { rowCount } = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [name])
    const [database, source] = [name, template].map((one) => client.escapeIdentifier(one))
    if (rowCount === 0) await client.query(`CREATE DATABASE ${database} OWNER ${role} TEMPLATE ${source}`)
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
      await client.query('SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = $1', [
        name,
      ])
  })
}

const pools = new Map<string, pg.Pool>()

/** On a connection that is kept for a while: signing in takes about as long as making a database. */
async function asAdmin(adminUrl: string, work: (client: pg.PoolClient) => Promise<unknown>): Promise<void> {
  let pool = pools.get(adminUrl)
  if (pool === undefined) {
    pool = new pg.Pool({ connectionString: adminUrl, max: 2, idleTimeoutMillis: 5000, allowExitOnIdle: true })
    // The server went: the next call gets another connection.
    pool.on('error', () => undefined)
    pools.set(adminUrl, pool)
  }
  const client = await pool.connect()
  try {
    await work(client)
    client.release()
  } catch (error) {
    // Whatever went wrong, it is not used again.
    client.release(true)
    throw error
  }
}
