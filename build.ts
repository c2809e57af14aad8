import { execFileSync } from 'node:child_process'
import { cpSync, rmSync } from 'node:fs'

// `npm run build`: compiles src and templates into dist, and puts what is read at run time beside them.
rmSync('dist', { recursive: true, force: true })
execFileSync('tsc', ['-p', 'tsconfig.build.json'], {
  stdio: 'inherit',
})
cpSync('templates/assets', 'dist/templates/assets', { recursive: true })
cpSync('migrations', 'dist/migrations', { recursive: true })
