import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './processes.ts'

/** Compiles the product, so that what is measured is what is in the tree. */
export function buildProduct(): void {
  execFileSync('npm', ['run', 'build', '--silent'], { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] })
}

/** Installs the peer once, from its own lock file. Null when it is there, or why it cannot be had. */
export function installPeer(): string | null {
  const cwd = join(import.meta.dirname, 'peer')
  if (existsSync(join(cwd, 'node_modules/better-sqlite3/build/Release/better_sqlite3.node'))) return null
  try {
    // better-sqlite3 compiles where no prebuilt binary can be fetched, which takes minutes.
    execFileSync('npm', ['ci', '--no-fund', '--no-audit'], { cwd, stdio: 'ignore', timeout: 600_000 })
    return null
  } catch (error) {
    return `npm ci failed in bench/peer: ${error instanceof Error ? error.message : String(error)}`
  }
}
