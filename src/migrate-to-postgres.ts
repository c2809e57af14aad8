import { parseArgs } from 'node:util'
import { readDatabaseUrl, SettingsError } from './config.ts'
import { KeydeskError } from './domain/errors.ts'
import { parsePostgresUrl } from './domain/postgres-url.ts'
import { databaseUrl, postgresUrl } from './setting-kinds.ts'
import { copyToPostgres } from './storage/copy-to-postgres.ts'

/*
 * `npm run migrate:to-postgres`: copies what a SQLite file holds into a Postgres. Exit codes: 0 when all of it is there,
 * 1 when nothing is. No URL is ever printed: one may hold a password.
 */

const usage = `Copies a Keydesk from its SQLite file to a Postgres. The file is only read.

  npm run migrate:to-postgres -- --from file:./data/keydesk.db

  --from file:...       the SQLite file
  --to postgres://...   the Postgres. Without it DATABASE_URL or DATABASE_URL_FILE says where: better when
                        the URL holds a password, which others on this machine see on a command line
  --help                this text

The Postgres must be empty, or as a former run left it: then it is brought to what the file holds now. It is
refused when somebody has worked with it since.`

/** What is wrong with the command line, in words that repeat nothing of it. */
class UsageError extends Error {}

async function main(): Promise<void> {
  const flags = readFlags(process.argv.slice(2))
  if (flags.help) return say(usage)
  const from = readFrom(flags.from)
  const to = readTo(flags.to)
  const begunAt = performance.now()
  say(`Copying to ${placeOf(to)}. Only when all of it is there and compared does any of it count.`)
  const counts = await copyToPostgres(from, to, ({ table, rows }) => say(line(table, rows)))
  const seconds = ((performance.now() - begunAt) / 1000).toFixed(1)
  const rows = counts.reduce((sum, count) => sum + count.rows, 0)
  say(line('all together', rows))
  say(`Done in ${seconds} s. Every table was read back and is the same on both sides.\n\n${whatNow}`)
}

const whatNow = `What now:
  - If a Keydesk still runs on the file: stop it, and run this once more. What it wrote meanwhile is not here.
  - Start Keydesk with DATABASE_URL set to this Postgres, and with the same PROXY_MASTER_KEY. Every key works as before.
    GET /admin/audit/verify proves that the audit trail came over whole.
  - Do not start it on the file again: what is revoked in Postgres is not revoked there.`

function readFlags(parameters: string[]) {
  const text = { type: 'string', multiple: true } as const
  try {
    const { values } = parseArgs({
      args: parameters,
      options: { from: text, to: text, help: { type: 'boolean', short: 'h' } },
    })
    return { from: only('--from', values.from), to: only('--to', values.to), help: values.help === true }
  } catch (error) {
    if (error instanceof UsageError) throw error
    // Its message repeats what was given, and that may be a URL.
    throw new UsageError('Known are --from, --to and --help, each of the first two with a value.')
  }
}

function only(flag: string, values: readonly string[] | undefined): string | undefined {
  if (values !== undefined && values.length > 1) throw new UsageError(`${flag} is given twice.`)
  return values?.[0]
}

function readFrom(from: string | undefined): string {
  if (from === undefined)
    throw new UsageError('--from is missing: the SQLite file, as file:./data/keydesk.db')
  if (from.startsWith('file:') && databaseUrl.safeParse(from).success) return from
  throw new UsageError('--from must look like file:./data/keydesk.db')
}

function readTo(given: string | undefined): string {
  const name = given === undefined ? 'DATABASE_URL' : '--to'
  const to = given ?? readDatabaseUrl()
  if (to === undefined)
    throw new UsageError('Where to? Set DATABASE_URL or DATABASE_URL_FILE, or give --to postgres://...')
  const { error } = postgresUrl.safeParse(to)
  for (const { message } of error?.issues ?? []) throw new UsageError(`${name}: ${message}`)
  return to
}

function placeOf(url: string): string {
  const address = parsePostgresUrl(url)
  return 'problem' in address
    ? 'Postgres'
    : `the database ${address.database} at ${address.host}:${address.port}`
}

const line = (name: string, rows: number) =>
  `  ${name.padEnd(16)}${rows.toLocaleString('en-US').padStart(12)} ${rows === 1 ? 'row' : 'rows'}`

function say(text: string): void {
  process.stdout.write(`${text}\n`)
}

function complain(text: string): void {
  process.stderr.write(`${text}\n`)
}

main().catch((error: unknown) => {
  process.exitCode = 1
  if (error instanceof UsageError) return complain(`${error.message}\nSee --help.`)
  if (error instanceof SettingsError) return complain(error.problems.join('\n'))
  const [problem, cause] = error instanceof KeydeskError ? [error, error.cause] : [error, undefined]
  complain(`Stopped. ${problem instanceof Error ? problem.message : 'The reason is not known.'}`)
  if (cause instanceof Error) complain(`  ${cause.message}`)
})
