import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { providerIds, type SeveralProviders, startSeveralProviders } from '../../support/several-providers.ts'

const dayMs = 24 * 3_600_000
const document = '/.well-known/openid-configuration'

describe('a gateway whose providers are down', () => {
  let context: SeveralProviders
  let at: Date
  beforeEach(async () => {
    at = new Date()
    context = await startSeveralProviders({ PROVIDER_TIMEOUT: '3s' }, { now: () => at })
  })
  afterEach(() => context.close())
  const login = (provider: string) => context.gateway.fetch(`/auth/login/${provider}`)
  const statuses = () => Promise.all(providerIds.map(async (id) => (await login(id)).status))

  test('starts, is ready, and signs people in as soon as they are up, without a restart', async () => {
    await Promise.all([context.entra.down(), context.keycloak.down()])
    await context.gateway.restart()
    for (const path of ['/healthz', '/readyz', '/', '/auth/login'])
      expect((await context.gateway.fetch(path)).status).toBe(200)
    expect(await statuses()).toEqual([302, 502, 502])
    await context.entra.up()
    expect(await statuses()).toEqual([302, 302, 502])
    await context.keycloak.up()
    expect(await statuses()).toEqual([302, 302, 302])
  })

  test('that it has known for a day goes on sending people there, at once, and asks each once a minute at most', async () => {
    expect(await statuses()).toEqual([302, 302, 302])
    context.entra.behaviour.discoveryEndpoint = 'hang'
    context.keycloak.behaviour.discoveryEndpoint = 'junk-2mb'
    const asked = () => [context.entra, context.keycloak].map(({ requests }) => requests.get(document))
    at = new Date(at.getTime() + dayMs)
    const begunAt = performance.now()
    for (let count = 0; count < 4; count += 1) expect(await statuses()).toEqual([302, 302, 302])
    expect(performance.now() - begunAt).toBeLessThan(2500)
    await expect.poll(asked).toEqual([2, 2])
  })

  test('asks a provider that hangs once for all who wait for it, and answers each of them 502', async () => {
    context.entra.behaviour.discoveryEndpoint = 'hang'
    const answers = await Promise.all(Array.from({ length: 10 }, () => login('entra')))
    expect(answers.map(({ status }) => status)).toEqual(Array(10).fill(502))
    expect(answers.flatMap(({ headers }) => headers.getSetCookie())).toEqual([])
    expect(context.entra.requests.get(document)).toBe(1)
  })
})
