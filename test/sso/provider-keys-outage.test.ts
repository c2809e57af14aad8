import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { type Attacked, begin, callbackOf, signInWrong, startAttackedGateway } from '../support/attack.ts'

describe('the signing keys of a provider that is not well', () => {
  let context: Attacked
  beforeEach(async () => {
    // jose keeps the keys by the clock of the process, not by ours, so here that clock is moved; timers go on.
    vi.useFakeTimers({ toFake: ['Date'] })
    context = await startAttackedGateway({ SSO_KEYS_MAX: '1000', PROVIDER_TIMEOUT: '1s' })
    expect((await signInWrong(context)).status).toBe(200)
  })
  afterEach(async () => {
    vi.useRealTimers()
    await context.close()
  })
  const asked = () => context.wrong.requests.get('/jwks') ?? 0
  const pass = (seconds: number) => vi.setSystemTime(Date.now() + seconds * 1000)

  test('are fetched for unknown key ids at most once a minute also while the fetch fails', async () => {
    Object.assign(context.wrong.behaviour, { sign: 'unknown-key', jwksEndpoint: 'status-500' })
    pass(61)
    for (let count = 0; count < 5; count += 1) expect((await signInWrong(context)).status).toBe(502)
    expect(asked()).toBe(2)
    pass(61)
    for (let count = 0; count < 5; count += 1) expect((await signInWrong(context)).status).toBe(502)
    expect(asked()).toBe(3)
  })

  test('are fetched once for many tokens that bring an unknown key id at the same moment', async () => {
    pass(61)
    context.wrong.rotateKey()
    const attempts = await Promise.all(Array.from({ length: 10 }, () => begin(context)))
    const paths = await Promise.all(attempts.map(callbackOf))
    const answers = await Promise.all(attempts.map(({ jar }, index) => jar.fetch(paths[index] ?? '')))
    expect(answers.map(({ status }) => status)).toEqual(Array(10).fill(200))
    expect(asked()).toBe(2)
  })

  test('are as good as before when the unknown key id was somebody’s lie and the fetch for it failed', async () => {
    Object.assign(context.wrong.behaviour, { sign: 'unknown-key', jwksEndpoint: 'hang' })
    pass(61)
    expect((await signInWrong(context)).status).toBe(502)
    context.wrong.behaviour.sign = 'good'
    expect((await signInWrong(context)).status).toBe(200)
    expect(asked()).toBe(2)
  })
})
