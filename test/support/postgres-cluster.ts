import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import {
  findPostgresPrograms,
  mayUse,
  type PostgresPrograms,
  type PostgresVersion,
  type ServerUser,
  serverUser,
} from './postgres-programs.ts'

/** A folder with the data of a server, made ready to be started. */
export interface PostgresCluster {
  readonly folder: string
  readonly dataFolder: string
  /** Of the superuser and of the role that Keydesk uses. Kept in the folder. */
  readonly password: string
  readonly programs: PostgresPrograms
  readonly user: ServerUser
  /** Takes what its server says. */
  log(text: string): void
}

/** Opens the data in `folder`, and makes it where there is none. @throws Error which says what to do */
export async function openCluster(
  version: PostgresVersion,
  folder: string,
  log: (text: string) => void,
): Promise<PostgresCluster> {
  const user = serverUser()
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  give(folder, user)
  if (!mayUse('-w', folder, user)) {
    const advice =
      user.uid === undefined
        ? 'It belongs to somebody else, as after a start by root: remove it, or give it to yourself.'
        : 'Started by root it runs as the user "nobody", who must be able to enter every folder above: use a checkout ' +
          '(or a TMPDIR) in a folder that everybody can enter, or do not run this as root.'
    throw new Error(`Postgres cannot get into ${folder}. ${advice}`)
  }
  const programs = findPostgresPrograms(version, user, folder)
  const dataFolder = join(folder, 'data')
  const passwordFile = join(folder, 'password')
  if (!existsSync(dataFolder)) {
    writeFileSync(passwordFile, `${randomBytes(16).toString('hex')}\n`, { mode: 0o600 })
    give(passwordFile, user)
    // Under another name until it is whole: what an interrupted run left behind would be taken for a database.
    const unfinished = join(folder, 'data.new')
    rmSync(unfinished, { recursive: true, force: true })
    await initialise(version, programs, user, unfinished, passwordFile)
    renameSync(unfinished, dataFolder)
  }
  return {
    folder,
    dataFolder,
    password: readFileSync(passwordFile, 'utf8').trim(),
    programs,
    user,
    log,
  }
}

async function initialise(
  version: PostgresVersion,
  programs: PostgresPrograms,
  user: ServerUser,
  dataFolder: string,
  passwordFile: string,
): Promise<void> {
  const flags = [
    `--pgdata=${dataFolder}`,
    '--username=postgres',
    `--pwfile=${passwordFile}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    '--locale=C',
    '--no-sync',
    ...(version >= 16 ? languageFlags : []),
  ]
  await promisify(execFile)(programs.initdb, flags, { ...user, cwd: '/' })
}

/** Sorts texts as most servers out there do, which is not by bytes. Version 14 cannot, and sorts by bytes. */
const languageFlags = ['--locale-provider=icu', '--icu-locale=en-US']

function give(path: string, { uid, gid }: ServerUser): void {
  if (uid === undefined || gid === undefined) return
  chownSync(path, uid, gid)
  chmodSync(path, path.endsWith('password') ? 0o600 : 0o700)
}
