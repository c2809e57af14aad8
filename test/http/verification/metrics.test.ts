import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createCookieJar, pathOf } from '../../support/browser-like.ts'
import { createDesk, deskSettings, idOf, metricIn, metricsToken, startDesk } from '../../support/desk.ts'
import { startGateway } from '../../support/gateway.ts'
import { json } from '../../support/json.ts'
import { keyFor, startSignInGateway } from '../../support/sign-in.ts'
import { signInAtProvider } from '../../support/sign-in-at-provider.ts'

describe('GET /metrics', () => {
  const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } })

  test('is not there without METRICS_TOKEN, whatever is shown', async () => {
    const gateway = await startGateway()
    for (const init of [{}, bearer(metricsToken), bearer(gateway.masterKey)]) {
      const response = await gateway.fetch('/metrics', init)
      expect(response.status).toBe(404)
      expect(await response.text()).not.toContain('keydesk_')
    }
    await gateway.close()
  })

  test('opens to METRICS_TOKEN and to nothing else: no token, a wrong one, a part of it, the master key, an API key', async () => {
    const desk = await startDesk()
    const key = await desk.mint()
    const wrong: RequestInit[] = [
      {},
      bearer(desk.gateway.masterKey),
      bearer(key),
      { headers: { 'x-api-key': key } },
      { headers: { 'x-api-key': metricsToken } },
      { headers: { authorization: metricsToken } },
      { headers: { authorization: `Basic ${metricsToken}` } },
      bearer(metricsToken.slice(0, -1)),
      bearer(`${metricsToken}x`),
      bearer(metricsToken.toUpperCase()),
      bearer('undefined'),
    ]
    for (const init of wrong) {
      const response = await desk.gateway.fetch('/metrics', init)
      expect(response.status).toBe(401)
      expect((await json(response)).code).toBe('unauthenticated')
    }
    expect((await desk.gateway.fetch(`/metrics?token=${metricsToken}`)).status).toBe(401)
    const response = await desk.gateway.fetch('/metrics', bearer(metricsToken))
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/)
    // And it opens nothing else.
    expect((await desk.gateway.asAdmin('/admin/keys', bearer(metricsToken))).status).toBe(401)
    await desk.close()
  })
})

describe('the metrics after a whole day of it', () => {
  let text: string
  let unwanted: Record<string, string>
  beforeAll(async () => {
    const context = await startSignInGateway(deskSettings)
    const key = await keyFor(context, 'alice@example.com')
    const desk = await createDesk(context.gateway, context.standIn.issuer)
    const limited = await desk.mint({
      scopes: ['a'],
      rate_limit: { limit: 3, window_seconds: 3600 },
      name: 'Nightly export',
    })
    const caller = { 'x-forwarded-for': '198.51.100.77', 'user-agent': 'curl-of-alice/1.0' }
    for (let n = 0; n < 3; n += 1) await desk.validate(limited, '', caller)
    await desk.validate(limited, '', caller)
    await desk.validate(limited, '?scope=zzz', caller)
    await desk.validate(`${limited.slice(0, -1)}x`, '', caller)
    await desk.validate(key, '', caller)
    await desk.validate(`${key}/x`, `/${key}`, caller)
    await desk.gateway.asAdmin(`/admin/users/${desk.userId}`)
    await desk.gateway.asAdmin(`/admin/keys/${idOf(key)}`)
    await desk.gateway.fetch(`/${key}?x=${key}`)
    await desk.gateway.fetch('/no/such/path/as-this-one')
    await desk.revoke(limited)
    await desk.validate(limited, '', caller)
    const jar = createCookieJar(desk.gateway)
    const location = (await jar.fetch('/auth/login')).headers.get('location') ?? ''
    await jar.fetch(pathOf(await signInAtProvider(location, 'cancel')))
    text = await desk.metricsText()
    unwanted = {
      'a key': key,
      'the secret of a key': key.slice(17, 37),
      'the id of a key': idOf(key),
      'the id of another key': idOf(limited),
      'the id of a user': desk.userId,
      'an email': 'alice',
      'an email of the desk': 'desk.test',
      'an address': '198.51.100',
      'an address of loopback': '127.0.0.1',
      'the name of a key': 'Nightly',
      'a user agent': 'curl',
      'a path that nobody serves': 'no/such',
      'the master key': desk.gateway.masterKey,
      'the metrics token': metricsToken,
      'the state': new URL(location).searchParams.get('state') ?? '',
    }
    await context.close()
  })

  test('hold no id, email, key or address', () => {
    for (const [what, value] of Object.entries(unwanted)) {
      expect(value.length, what).toBeGreaterThan(3)
      expect(text.includes(value), what).toBe(false)
    }
  })

  test('have every metric that was promised, and count each thing once', () => {
    const value = (name: string) => metricIn(text, name)
    const verifications = (outcome: string) => value(`keydesk_verifications_total{outcome="${outcome}"}`)
    expect({
      valid: verifications('valid'),
      invalid_key: verifications('invalid_key'),
      rate_limited: verifications('rate_limited'),
      insufficient_scope: verifications('insufficient_scope'),
      revoked_key: verifications('revoked_key'),
    }).toEqual({ valid: 4, invalid_key: 1, rate_limited: 1, insufficient_scope: 1, revoked_key: 1 })
    expect(value('keydesk_key_memory_total{result="miss"}')).toBe(2)
    expect(value('keydesk_key_memory_total{result="hit"}')).toBeGreaterThanOrEqual(3)
    // Two keys made, two proven.
    expect(value('keydesk_argon2_seconds_count')).toBe(4)
    expect(value('keydesk_argon2_seconds_sum')).toBeGreaterThan(0)
    expect(text).toMatch(/^keydesk_argon2_queue_length 0$/m)
    expect(value('keydesk_request_seconds_count{route="/v1/validate",status="200"}')).toBe(4)
    expect(value('keydesk_request_seconds_count{route="/auth/login",status="302"}')).toBe(2)
    expect(value('keydesk_sign_ins_total{outcome="succeeded"}')).toBe(1)
    expect(value('keydesk_sign_ins_total{outcome="sign_in_denied"}')).toBe(1)
    expect(value('keydesk_live_keys')).toBe(1)
  })

  test('have as route only what is registered, so that nobody can make them grow', () => {
    const routes = new Set([...text.matchAll(/route="([^"]*)"/g)].map((match) => match[1]))
    for (const route of routes) expect(route).toMatch(/^[a-z0-9/:{}*._-]*$/)
    expect(routes.size).toBeLessThan(15)
  })
})

describe('the number of live keys', () => {
  let clock = new Date()
  const open: { close(): Promise<void> }[] = []
  afterAll(async () => {
    for (const one of open) await one.close()
  })

  test('leaves out those that are revoked or expired', async () => {
    const desk = await startDesk({}, { now: () => clock })
    open.push(desk)
    const keys = await desk.mintMany(5)
    await desk.mint({ expires_at: new Date(clock.getTime() + 1000).toISOString() })
    await desk.mint({ expires_at: new Date(clock.getTime() + 3_600_000).toISOString() })
    await desk.revoke(keys[0] ?? '')
    clock = new Date(clock.getTime() + 1000)
    expect(await desk.metric('keydesk_live_keys')).toBe(5)
    await desk.revoke(keys[1] ?? '')
    await desk.gateway.restart()
    expect(await desk.metric('keydesk_live_keys')).toBe(4)
  })

  test('that cannot be counted does not take the other metrics away', async () => {
    const desk = await startDesk()
    open.push(desk)
    expect(await desk.codeFor(await desk.mint())).toBe('valid')
    await desk.sql('ALTER TABLE api_keys RENAME TO api_keys_away')
    const response = await desk.gateway.fetch('/metrics', {
      headers: { authorization: `Bearer ${metricsToken}` },
    })
    await desk.sql('ALTER TABLE api_keys_away RENAME TO api_keys')
    expect(response.status).toBe(200)
    expect(await response.text()).toContain('keydesk_verifications_total{outcome="valid"} 1')
  })
})
