import { afterEach, describe, expect, test } from 'vitest'
import {
  type Attacked,
  auditOf,
  begin,
  callbackOf,
  changed,
  expectRefused,
  signInWrong,
  startAttackedGateway,
} from '../../support/attack.ts'

describe('the audit trail of refused sign-ins', () => {
  let context: Attacked
  let at = new Date()
  afterEach(() => context.close())
  const start = async (settings = {}) => {
    at = new Date(Math.floor(Date.now() / 60_000) * 60_000)
    context = await startAttackedGateway(settings, { now: () => at })
  }
  const from = (address: string, query = 'code=x') =>
    context.gateway.fetch(`/auth/callback?${query}`, { headers: { 'x-forwarded-for': address } })
  const refusals = () => auditOf(context, 'sign_in.refused')

  test('says when, why, from where and with what, under the request id that the person was shown', async () => {
    await start()
    const expected = { status: 400, code: 'state_invalid', reason: 'no_state' }
    const { response, event, problem } = await expectRefused(context, expected, (headers) =>
      context.gateway.fetch('/auth/callback', { headers: { ...headers, 'user-agent': 'probe/1.0' } }),
    )
    expect(event).toMatchObject({
      at: at.toISOString(),
      action: 'sign_in.refused',
      actor: 'anonymous',
      target: null,
      facts: { reason: 'no_state' },
      request_id: problem.request_id,
      details: { email: null, address: expect.stringMatching(/^198\.18\./), user_agent: 'probe/1.0' },
    })
    expect(response.headers.get('x-request-id')).toBe(problem.request_id)
  })

  test('gets one row per address and minute from who has proven nothing, whatever the reasons are', async () => {
    await start()
    await Promise.all(Array.from({ length: 30 }, (_, index) => from('192.0.2.1', `state=${index}&code=x`)))
    await from('192.0.2.1', 'error=access_denied')
    expect(await refusals()).toHaveLength(1)
    await from('192.0.2.2')
    expect(await refusals()).toHaveLength(2)
    at = new Date(at.getTime() + 59_999)
    await from('192.0.2.1')
    expect(await refusals()).toHaveLength(2)
    at = new Date(at.getTime() + 1)
    await from('192.0.2.1')
    expect(await refusals()).toHaveLength(3)
  })

  test('is throttled by what is stored, not by what one process remembers', async () => {
    await start()
    await from('192.0.2.1')
    await context.gateway.restart()
    await from('192.0.2.1')
    expect(await refusals()).toHaveLength(1)
  })

  test('is throttled for what the provider did wrong too: nobody is proven then', async () => {
    await start()
    context.wrong.behaviour.token = 'status-500'
    for (let count = 0; count < 3; count += 1)
      expect((await signInWrong(context, { 'x-forwarded-for': '192.0.2.1' })).status).toBe(502)
    expect(await refusals()).toMatchObject([{ facts: { reason: 'token_refused' } }])
  })

  test('cannot be given addresses by a caller behind no trusted proxy', async () => {
    await start({ TRUSTED_PROXIES: '192.0.2.99' })
    for (let count = 0; count < 5; count += 1) await from(`203.0.113.${count}`)
    expect(await refusals()).toMatchObject([{ details: { address: '127.0.0.1' } }])
  })

  test('gets a row for each refusal of somebody whom the provider has proven, with the email', async () => {
    await start({ ALLOWED_EMAILS: 'ada@example.com' })
    for (let count = 0; count < 3; count += 1) await signInWrong(context, { 'x-forwarded-for': '192.0.2.1' })
    const rows = await refusals()
    expect(rows).toHaveLength(3)
    for (const row of rows)
      expect(row).toMatchObject({
        actor: 'anonymous',
        facts: { reason: 'domain_not_allowed', provider: 'google' },
        details: { email: 'wanda@example.com', address: '192.0.2.1' },
      })
  })

  test('holds what was proven of a sign-in that succeeded: user created, signed in, key minted, in one request', async () => {
    await start()
    const response = await signInWrong(context, { 'x-forwarded-for': '192.0.2.1', 'user-agent': 'probe/1.0' })
    const requestId = response.headers.get('x-request-id')
    const actions = ['user.created', 'sign_in.succeeded', 'key.minted']
    const events = (await Promise.all(actions.map((action) => auditOf(context, action)))).flat()
    expect(events.map(({ action }) => action)).toEqual(actions)
    for (const event of events) {
      expect(event).toMatchObject({
        request_id: requestId,
        details: { address: '192.0.2.1', user_agent: 'probe/1.0' },
      })
      expect(event.actor).toBe(events[0].target)
    }
    expect(await refusals()).toEqual([])
  })

  test('keeps facts free of personal data and of what was sent: no email, no address, no state, no error text', async () => {
    await start({ ALLOWED_EMAILS: 'ada@example.com' })
    await signInWrong(context, { 'x-forwarded-for': '192.0.2.1' })
    const attempt = await begin(context)
    const path = changed(await callbackOf(attempt), { error: 'Wanda@Example.com <script>' })
    await attempt.jar.fetch(path, { headers: { 'x-forwarded-for': '192.0.2.2' } })
    const facts = JSON.stringify((await refusals()).map(({ details: _, ...rest }) => rest))
    expect(facts).not.toMatch(/wanda|192\.0\.2|script/i)
    expect(facts).not.toContain(attempt.state)
  })

  test('takes a user agent with control characters, and one of 10 kB, as clean text of bounded length', async () => {
    await start()
    const headers = { 'x-forwarded-for': '192.0.2.1', 'user-agent': `a\u00ff\t${'x'.repeat(10_000)}` }
    await context.gateway.fetch('/auth/callback', { headers })
    const [row] = await refusals()
    expect(row.details.user_agent.length).toBeLessThanOrEqual(400)
  })
})
