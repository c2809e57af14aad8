import { defineConfig } from 'vitest/config'

const shared = { testTimeout: 30_000, hookTimeout: 60_000, pool: 'forks', restoreMocks: true } as const
/**
 * One worker runs many files with the modules that it has: loading them again for each file took longer than the tests.
 * Nothing of ours keeps state in a module, and a worker is only ever of one project, so projects come one after another.
 * What a file must not do then: ask `instanceof Response`. The listener of a file before it may have put its own there.
 */
const together = { isolate: false } as const
/** Bursts and measurements, which need the machine: they run when everything else has, one after another. */
const alone = ['test/process/verification-*.test.ts', 'test/http/verification/{cold-keys,hash-queue}.test.ts']
const last = { maxWorkers: 1, sequence: { groupOrder: 2 } } as const
/** What of `test/http` reads or writes hardly a row, or nothing that the engines could do differently. */
const sameOnBothEngines = [
  'test/http/{docs,guides,openapi,openapi-answers,matrix,negative,negative-admin}.test.ts',
  // Pages call services that the tests of the admin API run on both; what they do to rows of their own stays.
  'test/http/console/{access-rules,audit,invitations,keys,keys-closed,keys-list,keys-made,users}.test.ts',
  'test/http/console/{overview,service-accounts,users-endings}.test.ts',
  'test/http/account/forms-refused.test.ts',
  'test/http/admin/allowlist-wrong-answers.test.ts',
  'test/http/sign-in/{answers,attempt-cookies,authorization-request,callback-state,email-rules}.test.ts',
  'test/http/sign-in/{id-token,provider-failures,providers,providers-mix-up,providers-outage}.test.ts',
  'test/http/sign-in/{providers-rules,return-to-corpus,token-auth-methods,token-request,user-info}.test.ts',
  'test/http/verification/limits-by-address.test.ts',
  'test/http/{verify/{forwarded,way-in},tokens/{token-requests,well-known},standards/cors,console/apps}.test.ts',
]

/**
 * `main` is everything, on SQLite; what tests storage itself goes through the engines by itself. `on-postgres` is once
 * more whatever goes through a database, on a real Postgres: the same files, with the same guarantees.
 */
export default defineConfig({
  test: {
    // One more than CI has cores: two would wait for browsers, processes and clocks a third of their time.
    maxWorkers: 3,
    reporters: ['default', './test/support/closing-line-reporter.ts'],
    globalSetup: './test/support/global-setup.ts',
    projects: [
      {
        test: {
          ...shared,
          ...together,
          name: 'main',
          include: ['test/**/*.test.ts', 'test/**/*.test.tsx'],
          exclude: [...alone, 'test/chaos/**', '**/node_modules/**'],
        },
      },
      {
        test: {
          ...shared,
          ...together,
          name: 'on-postgres',
          sequence: { groupOrder: 1 },
          env: { KEYDESK_TEST_ENGINE: 'postgres' },
          include: [
            'test/http/**/*.test.ts',
            'test/services/{count-unused-keys,desk-counts,open-keyring,record-usage}.test.ts',
            'test/services/{check-jwt,check-jwt-forged,proxy-jwt,signing-keys}.test.ts',
            'test/process/{health,log-lines,master-key-change,npm-start,signals}.test.ts',
          ],
          // Changes the database within one turn of the event loop, which only SQLite can do.
          exclude: [
            ...alone,
            ...sameOnBothEngines,
            'test/http/verification/one-turn.test.ts',
            '**/node_modules/**',
          ],
        },
      },
      { test: { ...shared, ...last, name: 'alone', include: alone } },
      {
        test: {
          ...shared,
          ...last,
          name: 'alone-on-postgres',
          env: { KEYDESK_TEST_ENGINE: 'postgres' },
          include: alone,
        },
      },
    ],
  },
})
