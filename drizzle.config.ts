import { defineConfig } from 'drizzle-kit'

// `npm run db:generate` writes the migrations of both engines; DIALECT chooses which one a single call makes.
const dialect = process.env.DIALECT === 'postgresql' ? 'postgresql' : 'sqlite'

export default defineConfig({
  dialect,
  schema:
    dialect === 'sqlite'
      ? './src/storage/schema.sqlite.ts'
      : ['./src/storage/schema.postgres.ts', './src/storage/schema.replicas.ts'],
  out: dialect === 'sqlite' ? './migrations/sqlite' : './migrations/postgres',
})
