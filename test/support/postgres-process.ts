import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import type { PostgresCluster } from './postgres-cluster.ts'

export interface PostgresProcess {
  stop(how: 'fast' | 'immediate'): Promise<void>
}

/** Of what it said, the end: why it failed. */
const logLengthMax = 4000
const signals = { fast: 'SIGINT', immediate: 'SIGQUIT' } as const

/**
 * Beside the server waits a shell for a word from us. The end of the line instead means that we are gone, killed perhaps:
 * then it stops the server, and removes what is only there for us. `$$` is the server, which takes the place of the
 * first shell.
 */
const guardedStart = `
temporary=$1; shift
( read -r word <&3 || { kill -QUIT $$; sleep 2; [ -z "$temporary" ] || rm -rf -- "$temporary"; } ) </dev/null 2>/dev/null &
exec "$@" 3<&-
`

/** Starts the server of a cluster and waits until it takes connections. @throws Error with the server's own words */
export async function startPostgresProcess(
  cluster: PostgresCluster,
  settings: Readonly<Record<string, string>>,
  isTemporary: boolean,
): Promise<PostgresProcess> {
  const { programs, dataFolder, folder, user } = cluster
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  const server = spawn(
    '/bin/sh',
    ['-c', guardedStart, 'sh', isTemporary ? folder : '', programs.postgres, '-D', dataFolder, ...flags],
    {
      ...user,
      cwd: folder,
      // In a process group of its own: Ctrl-C is ours to answer, and the server goes when we say so.
      detached: true,
      stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
    },
  )
  const guardLine = server.stdio[3] as Socket
  // The guard may be gone before us.
  guardLine.on('error', () => undefined)
  let said = ''
  let isStopping = false
  // Not `close`: the guard is heard of for a moment longer.
  const ended = once(server, 'exit').then(() => guardLine.end('ended\n'))
  const isReady = new Promise<boolean>((done) => {
    server.stderr?.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-logLengthMax)
      cluster.log(text)
      if (said.includes('ready to accept connections')) done(true)
    })
    ended.then(
      () => done(false),
      () => done(false),
    )
  })
  if (!(await isReady)) {
    await ended
    throw new Error(`Postgres did not start:\n${said}`)
  }
  void ended.then(() => {
    if (!isStopping) process.stderr.write(`Postgres ended by itself:\n${said}\n`)
  })
  return {
    stop: async (how) => {
      isStopping = true
      server.kill(signals[how])
      await ended
    },
  }
}
