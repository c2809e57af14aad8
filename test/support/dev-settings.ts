import { randomBytes } from 'node:crypto'
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { dirname } from 'node:path'

/** The environment with the defaults filled in where neither NAME nor NAME_FILE is set. */
export function withDefaults(
  environment: NodeJS.ProcessEnv,
  defaults: Record<string, string>,
): Record<string, string | undefined> {
  const settings = { ...environment }
  for (const [name, value] of Object.entries(defaults)) {
    if (settings[name] === undefined && settings[`${name}_FILE`] === undefined) settings[name] = value
  }
  return settings
}

/** Reads the development master key, and makes it, readable by its owner only, on the first run. */
export function keepMasterKey(path: string): string {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  if (!existsSync(path))
    writeFileSync(path, `${randomBytes(32).toString('hex')}\n`, { mode: 0o600, flag: 'wx' })
  // A copy or a checkout may have loosened it.
  chmodSync(path, 0o600)
  return readFileSync(path, 'utf8').trim()
}

/** Whether nobody listens on the port. What else may be wrong with it is left to whoever listens next. */
export function isPortFree(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer()
    probe.once('error', (error: NodeJS.ErrnoException) => resolve(error.code !== 'EADDRINUSE'))
    probe.listen(port, host, () => probe.close(() => resolve(true)))
  })
}

/** The port that a setting names, or undefined when it is not a port. */
export function portOf(setting: string): number | undefined {
  const port = Number(setting)
  return /^\d+$/.test(setting) && port >= 1 && port <= 65_535 ? port : undefined
}
