import { defineConfig } from 'vitest/config'

/** Exhaustive loops: kills, floods. CHAOS_ROUNDS sets how often each goes round (default 20, three in CI). */
export default defineConfig({
  test: {
    include: ['test/chaos/**/*.test.ts'],
    reporters: ['default', './test/support/closing-line-reporter.ts'],
    globalSetup: './test/support/global-setup.ts',
    testTimeout: 20 * 60_000,
    hookTimeout: 60_000,
    fileParallelism: false,
    pool: 'forks',
  },
})
