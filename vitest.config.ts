import { defineConfig } from 'vitest/config'

const shared = { testTimeout: 30_000, hookTimeout: 60_000, pool: 'forks' } as const

/**
 * `main` is everything, on SQLite; what tests storage itself goes through the engines by itself. `on-postgres` is once
 * more whatever goes through a database, on a real Postgres: the same files, with the same guarantees.
 */
export default defineConfig({
  test: {
    reporters: ['default', './test/support/closing-line-reporter.ts'],
    globalSetup: './test/support/postgres-for-tests.ts',
    projects: [
      {
        test: {
          ...shared,
          name: 'main',
          include: ['test/**/*.test.ts', 'test/**/*.test.tsx'],
          exclude: ['test/chaos/**', '**/node_modules/**'],
        },
      },
      {
        test: {
          ...shared,
          name: 'on-postgres',
          env: { KEYDESK_TEST_ENGINE: 'postgres' },
          include: [
            'test/http/**/*.test.ts',
            'test/services/{open-keyring,record-usage}.test.ts',
            'test/process/{health,log-lines,master-key-change,npm-start,signals}.test.ts',
            'test/process/verification-*.test.ts',
          ],
          // Changes the database within one turn of the event loop, which only SQLite can do.
          exclude: ['test/http/verification/one-turn.test.ts', '**/node_modules/**'],
        },
      },
    ],
  },
})
