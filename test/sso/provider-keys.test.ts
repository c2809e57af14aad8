import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { type Attacked, expectRefused, signInWrong, startAttackedGateway } from '../support/attack.ts'

const refused = { status: 502, code: 'provider_error', reason: 'id_token_refused' }

describe('the signing keys of a provider', () => {
  let context: Attacked
  beforeEach(async () => {
    // jose keeps the keys by the clock of the process, not by ours, so here that clock is moved; timers go on.
    vi.useFakeTimers({ toFake: ['Date'] })
    context = await startAttackedGateway({ SSO_KEYS_MAX: '1000' })
  })
  afterEach(async () => {
    vi.useRealTimers()
    await context.close()
  })
  const asked = () => context.wrong.requests.get('/jwks') ?? 0
  const pass = (seconds: number) => vi.setSystemTime(Date.now() + seconds * 1000)

  test('are fetched once for many sign-ins', async () => {
    for (let count = 0; count < 5; count += 1) expect((await signInWrong(context)).status).toBe(200)
    expect(asked()).toBe(1)
  })

  test('may be rotated without a restart: the next sign-in fetches them again', async () => {
    expect((await signInWrong(context)).status).toBe(200)
    for (const fetches of [2, 3]) {
      pass(61)
      context.wrong.rotateKey()
      expect((await signInWrong(context)).status).toBe(200)
      expect(asked()).toBe(fetches)
    }
  })

  test('are fetched for unknown key ids at most once a minute, however many tokens bring one', async () => {
    expect((await signInWrong(context)).status).toBe(200)
    context.wrong.behaviour.sign = 'unknown-key'
    for (let count = 0; count < 10; count += 1) await signInWrong(context)
    expect(asked()).toBe(1)
    pass(61)
    for (let count = 0; count < 10; count += 1) await signInWrong(context)
    expect(asked()).toBe(2)
    // And whoever has a good key is not held up by that.
    context.wrong.behaviour.sign = 'good'
    expect((await signInWrong(context)).status).toBe(200)
  })

  test('that the provider has taken away are refused ten minutes later at the latest', async () => {
    expect((await signInWrong(context)).status).toBe(200)
    // The token is signed by then, and its key leaves the JWKS before anybody can verify it.
    context.wrong.behaviour.tokenAnswer = (answer) => {
      context.wrong.rotateKey()
      return answer
    }
    pass(601)
    await expectRefused(context, refused, (headers) => signInWrong(context, headers))
    expect(asked()).toBe(2)
  })

  test('are not lost when the provider fails for less than ten minutes, and are fetched again when it is back', async () => {
    expect((await signInWrong(context)).status).toBe(200)
    context.wrong.behaviour.jwksEndpoint = 'status-500'
    expect((await signInWrong(context)).status).toBe(200)
    pass(601)
    await expectRefused(context, refused, (headers) => signInWrong(context, headers))
    context.wrong.behaviour.jwksEndpoint = 'ok'
    expect((await signInWrong(context)).status).toBe(200)
  })
})
