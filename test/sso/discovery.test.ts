import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type BoundedFetch, createBoundedFetch } from '../../src/sso/bounded-fetch.ts'
import { createDiscovery } from '../../src/sso/discovery.ts'
import { testClient } from '../support/sign-in.ts'
import { startWrongIssuer, type WrongIssuer } from '../support/wrong-issuer.ts'

const path = '/.well-known/openid-configuration'
const dayMs = 24 * 3_600_000

describe('discovery', () => {
  let wrong: WrongIssuer
  let at: Date
  let asking: ReturnType<typeof watched>
  beforeEach(async () => {
    wrong = await startWrongIssuer(testClient)
    at = new Date()
  })
  afterEach(() => wrong.close())
  const discovery = (issuer = wrong.issuer) => {
    asking = watched(createBoundedFetch(1))
    return createDiscovery({ issuer, fetch: asking.fetch, now: () => at })
  }
  const pass = (ms: number) => {
    at = new Date(at.getTime() + ms)
  }
  const asked = () => wrong.requests.get(path) ?? 0

  test('is asked once for many that wait for it, and by nobody for a day', async () => {
    const discover = discovery()
    await Promise.all(Array.from({ length: 20 }, () => discover()))
    pass(dayMs - 1)
    await discover()
    expect(asked()).toBe(1)
  })

  test('is asked again after a day, once and behind everybody’s back: who comes then gets the known copy at once', async () => {
    const discover = discovery()
    const known = await discover()
    pass(dayMs)
    const tokenEndpoint = `${wrong.issuer}/token2`
    wrong.behaviour.discovery = (document) => ({ ...document, token_endpoint: tokenEndpoint })
    const given = await Promise.all(Array.from({ length: 20 }, () => discover()))
    expect(given).toEqual(Array(20).fill(known))
    await asking.settled()
    expect(await discover()).toEqual({ ...known, tokenEndpoint })
    pass(dayMs - 1)
    await discover()
    expect(asked()).toBe(2)
  })

  test('serves its copy for as long as the provider is down, which is asked at most once a minute, and the new one after that', async () => {
    const discover = discovery()
    const known = await discover()
    await wrong.down()
    pass(dayMs)
    for (const tries of [2, 3, 4]) {
      for (const afterMs of [0, 30_000, 29_999]) {
        pass(afterMs)
        expect(await Promise.all(Array.from({ length: 5 }, () => discover()))).toEqual(Array(5).fill(known))
        await asking.settled()
        expect(asking.count()).toBe(tries)
      }
      pass(1)
    }
    await wrong.up()
    const tokenEndpoint = `${wrong.issuer}/token2`
    wrong.behaviour.discovery = (document) => ({ ...document, token_endpoint: tokenEndpoint })
    expect(await discover()).toEqual(known)
    await asking.settled()
    expect(await discover()).toEqual({ ...known, tokenEndpoint })
    pass(dayMs - 1)
    await discover()
    expect(asking.count()).toBe(5)
  })

  test('holds nobody up while a refresh hangs, and starts no second one beside it', async () => {
    const discover = discovery()
    const known = await discover()
    wrong.behaviour.discoveryEndpoint = 'hang'
    pass(dayMs)
    const begunAt = performance.now()
    for (let count = 0; count < 5; count += 1) {
      expect(await discover()).toEqual(known)
      pass(60_000)
    }
    expect(performance.now() - begunAt).toBeLessThan(900)
    expect(asking.count()).toBe(2)
    await asking.settled()
  })

  test('keeps its good copy when a day later the provider fails, lies or names another issuer', async () => {
    const discover = discovery()
    const good = await discover()
    pass(dayMs)
    const ways = ['status-500', 'not-json', 'redirect', 'junk-2mb', 'hang'] as const
    for (const way of ways) {
      wrong.behaviour.discoveryEndpoint = way
      expect(await discover()).toEqual(good)
      await asking.settled()
      pass(60_000)
    }
    wrong.behaviour.discoveryEndpoint = 'ok'
    wrong.behaviour.discovery = (document) => ({
      ...document,
      issuer: 'https://evil.test',
      token_endpoint: 'https://evil.test/t',
    })
    expect(await discover()).toEqual(good)
    await asking.settled()
    expect(await discover()).toEqual(good)
    expect(asked()).toBe(ways.length + 2)
  })

  test('remembers no failure: the next try asks again', async () => {
    const discover = discovery()
    wrong.behaviour.discoveryEndpoint = 'status-500'
    for (const tries of [1, 2]) {
      await expect(discover()).rejects.toMatchObject({ code: 'provider_error', reason: 'discovery_status' })
      expect(asked()).toBe(tries)
    }
    wrong.behaviour.discoveryEndpoint = 'ok'
    expect(await discover()).toMatchObject({ jwksUri: `${wrong.issuer}/jwks` })
  })

  test('asks under the path of an issuer that has one', async () => {
    await expect(discovery(`${wrong.issuer}/realms/a`)()).rejects.toMatchObject({
      reason: 'discovery_status',
    })
    expect(wrong.requests.get(`/realms/a${path}`)).toBe(1)
  })
})

/** The same, and tells how often it was called, and when all that it was called for is over. */
function watched(fetch: BoundedFetch) {
  const calls: Promise<unknown>[] = []
  return {
    fetch: ((url, init) => {
      const call = fetch(url, init)
      calls.push(call)
      return call
    }) as BoundedFetch,
    count: () => calls.length,
    /** What the caller does with an answer, it has done by the next turn of the event loop. */
    async settled(): Promise<void> {
      await Promise.allSettled(calls)
      await new Promise((resolve) => setImmediate(resolve))
    },
  }
}
