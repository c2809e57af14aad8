import type { Reporter, TestModule } from 'vitest/node'

/** Ends every run with one plain line, "N passed, N failed, N skipped", for whoever reads only the end of a log. */
export default class ClosingLineReporter implements Reporter {
  onTestRunEnd(modules: ReadonlyArray<TestModule>): void {
    const counts = { passed: 0, failed: 0, skipped: 0 }
    for (const module of modules) {
      for (const test of module.children.allTests()) {
        const state = test.result().state
        if (state === 'pending') counts.skipped += 1
        else counts[state] += 1
      }
      // A file can fail without a failed test: while it is loaded, or in a hook.
      const tests = [...module.children.allTests()]
      if (module.state() === 'failed' && !tests.some((test) => test.result().state === 'failed'))
        counts.failed += 1
    }
    process.stdout.write(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped\n`)
  }
}
