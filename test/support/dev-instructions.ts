import type { StandInProvider } from './stand-in-provider.ts'

/** What `npm run dev` says when the gateway answers: the three things to do next, as they can be pasted. */
export function instructions(facts: {
  port: number
  baseUrl: string
  standIn: StandInProvider | undefined
  /** Where the Postgres of `--postgres` is, for a shell; undefined without it. */
  postgresUrl: string | undefined
  keyFile: string
}): string {
  const { port, baseUrl, standIn, postgresUrl } = facts
  const local = `http://localhost:${port}`
  const people = standIn?.accounts.map(({ email, note }) => `     ${email.padEnd(22)}${note}`).join('\n')
  return `
Keydesk is running at ${baseUrl}${standIn ? `, with a stand-in for Google at ${standIn.issuer}` : ''}

  1. Sign in and get a key${process.env.GOOGLE_CLIENT_ID === '' ? ' (off: GOOGLE_CLIENT_ID is empty)' : ''}. Open in a browser:
     ${baseUrl}/auth/login
${people ? `     and pick an account:\n${people}\n` : ''}
  2. Validate the key:
     curl -H 'X-API-Key: <your key>' ${local}/v1/validate

  3. List all keys, as an admin:
     curl -H "Authorization: Bearer ${masterKeyInShell(facts.keyFile)}" ${local}/admin/keys
${postgresUrl ? `\nThe database is a Postgres that runs for as long as this does:\n     psql "${postgresUrl}"\n` : ''}
Ctrl-C stops it. The database and the master key stay in data/.

`
}

function masterKeyInShell(keyFile: string): string {
  if (process.env.PROXY_MASTER_KEY !== undefined) return '$PROXY_MASTER_KEY'
  if (process.env.PROXY_MASTER_KEY_FILE !== undefined) return '$(cat "$PROXY_MASTER_KEY_FILE")'
  return `$(cat ${keyFile})`
}
