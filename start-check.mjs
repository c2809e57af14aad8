import { execSync } from 'node:child_process'
import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'

// `npm start` runs compiled code. It builds first when there is none, or when a source is newer. An image that was built
// without sources has nothing newer, and needs no compiler.
const compiled = 'dist/src/main.js'
const newest = ['src', 'templates', 'migrations']
  .filter(existsSync)
  .reduce((time, folder) => Math.max(time, newestIn(folder)), 0)
if (!existsSync(compiled) || statSync(compiled).mtimeMs < newest)
  execSync('npm run build', { stdio: 'inherit' })

function newestIn(folder) {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .reduce((time, entry) => Math.max(time, statSync(join(entry.parentPath, entry.name)).mtimeMs), 0)
}
