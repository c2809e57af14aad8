import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type ChildRun, freePort, root, startNode, typescript, untilListening } from './processes.ts'
import type { RawAnswer } from './raw-answer.ts'

export interface Server extends ChildRun {
  readonly name: string
  readonly port: number
  readonly startSeconds: number
}

/** What the image sets: glibc then gives Argon2's buffers back to the system instead of keeping them. */
export const imageEnvironment = { NODE_ENV: 'production', MALLOC_MMAP_THRESHOLD_: '131072' } as const

/** The product from `dist`, as the image starts it, with its log to /dev/null. */
export async function startProduct(
  name: string,
  options: {
    folder: string
    databaseUrl: string
    masterKey: string
    settings?: Readonly<Record<string, string>>
    /** The one core that it may use. */
    core?: number
  },
): Promise<Server> {
  const port = await freePort()
  // Its own working directory: a `.env` of a developer must not count.
  const cwd = join(options.folder, `cwd-${name}`)
  mkdirSync(cwd, { recursive: true })
  return listening(name, port, () =>
    startNode(['--enable-source-maps', join(root, 'dist/src/main.js')], {
      cwd,
      core: options.core,
      environment: {
        ...imageEnvironment,
        PORT: String(port),
        HOST: '127.0.0.1',
        AUTH_BASE_URL: `http://localhost:${port}`,
        PROXY_MASTER_KEY: options.masterKey,
        DATABASE_URL: options.databaseUrl,
        ...options.settings,
      },
    }),
  )
}

/** A bare Hono route on the same kind of server that gives this answer and checks nothing. */
export async function startLimit(
  name: string,
  folder: string,
  answer: RawAnswer,
  path = '/v1/validate',
): Promise<Server> {
  const port = await freePort()
  const file = join(folder, `${name}.json`)
  writeFileSync(file, JSON.stringify(answer))
  return listening(name, port, () =>
    startNode([...typescript, join(import.meta.dirname, 'limit-server.ts'), String(port), file, path], {
      environment: imageEnvironment,
    }),
  )
}

/** better-auth with keys of its own, whose texts it writes to `keysFile`. */
export async function startPeer(folder: string, keysFile: string, keyCount: number): Promise<Server> {
  const port = await freePort()
  return listening('peer', port, () =>
    startNode([join(import.meta.dirname, 'peer/server.mjs')], {
      environment: {
        ...imageEnvironment,
        PORT: String(port),
        DATABASE_FILE: join(folder, 'peer.db'),
        KEYS_FILE: keysFile,
        KEY_COUNT: String(keyCount),
      },
    }),
  )
}

/** Starts a server and waits until it listens. */
export async function listening(name: string, port: number, start: () => ChildRun): Promise<Server> {
  const begunAt = performance.now()
  const run = start()
  await untilListening(port, run)
  return { ...run, name, port, startSeconds: (performance.now() - begunAt) / 1000 }
}
