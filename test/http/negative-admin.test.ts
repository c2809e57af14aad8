import { afterAll, beforeAll, describe } from 'vitest'
import { adminRoutes } from '../support/negative-admin-routes.ts'
import { negativeBodiesAndHeaders } from '../support/negative-bodies.ts'
import { startNegativeContext } from '../support/negative-context.ts'
import { negativeSuite } from '../support/negative-suite.ts'

// That every route has an entry is held in negative.test.ts.
describe('every route of the admin API refuses what is wrong', () => {
  let context: Awaited<ReturnType<typeof startNegativeContext>>
  beforeAll(async () => {
    context = await startNegativeContext()
  })
  afterAll(() => context.close())

  for (const entry of adminRoutes) {
    negativeSuite(entry, adminRoutes, () => context)
    negativeBodiesAndHeaders(entry, () => context)
  }
})
