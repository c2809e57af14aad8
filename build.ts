import { execFileSync } from 'node:child_process'
import { cpSync, rmSync } from 'node:fs'
import { guideFiles } from './src/http/guides.ts'

// `npm run build`: compiles src and templates into dist, and puts what is read at run time beside them.
rmSync('dist', { recursive: true, force: true })
execFileSync('tsc', ['-p', 'tsconfig.build.json'], {
  stdio: 'inherit',
})
cpSync('templates/assets', 'dist/templates/assets', { recursive: true })
for (const file of Object.values(guideFiles)) cpSync(`docs/${file}`, `dist/docs/${file}`)
cpSync('migrations', 'dist/migrations', { recursive: true })
