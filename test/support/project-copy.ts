import { cpSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

/** A copy of the project for tests of its commands: what they write (`dist/`, `data/`) lands there, not here. */
export interface ProjectCopy {
  readonly folder: string
  remove(): void
}

const root = resolve(import.meta.dirname, '../..')
const parts = [
  'src',
  'templates',
  'migrations',
  'docs',
  'test/support',
  'package.json',
  'tsconfig.json',
  'tsconfig.build.json',
  'build.ts',
  'start-check.mjs',
]

/** Copies what `npm start`, `npm run build` and `npm run dev` need; the installed packages are shared. */
export function copyProject(): ProjectCopy {
  const folder = mkdtempSync(join(tmpdir(), 'keydesk-project-'))
  for (const part of parts) cpSync(join(root, part), join(folder, part), { recursive: true })
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) }
}
