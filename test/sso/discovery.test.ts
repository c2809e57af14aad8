import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createBoundedFetch } from '../../src/sso/bounded-fetch.ts'
import { createDiscovery } from '../../src/sso/discovery.ts'
import { testClient } from '../support/sign-in.ts'
import { startWrongIssuer, type WrongIssuer } from '../support/wrong-issuer.ts'

const path = '/.well-known/openid-configuration'
const dayMs = 24 * 3_600_000

describe('discovery', () => {
  let wrong: WrongIssuer
  let at: Date
  beforeEach(async () => {
    wrong = await startWrongIssuer(testClient)
    at = new Date()
  })
  afterEach(() => wrong.close())
  const discovery = (issuer = wrong.issuer) =>
    createDiscovery({ issuer, fetch: createBoundedFetch(1), now: () => at })
  const asked = () => wrong.requests.get(path) ?? 0

  test('is asked once for many that wait for it, and again after a day', async () => {
    const discover = discovery()
    await Promise.all(Array.from({ length: 20 }, () => discover()))
    expect(asked()).toBe(1)
    at = new Date(at.getTime() + dayMs - 1)
    await discover()
    expect(asked()).toBe(1)
    at = new Date(at.getTime() + 1)
    wrong.behaviour.discovery = (document) => ({ ...document, token_endpoint: `${wrong.issuer}/token2` })
    expect(await discover()).toMatchObject({ tokenEndpoint: `${wrong.issuer}/token2` })
    expect(asked()).toBe(2)
  })

  test('keeps its good copy when a day later the provider fails, lies or names another issuer', async () => {
    const discover = discovery()
    const good = await discover()
    at = new Date(at.getTime() + 2 * dayMs)
    for (const way of ['status-500', 'not-json', 'redirect', 'junk-2mb', 'hang'] as const) {
      wrong.behaviour.discoveryEndpoint = way
      expect(await discover()).toEqual(good)
    }
    wrong.behaviour.discoveryEndpoint = 'ok'
    wrong.behaviour.discovery = (document) => ({
      ...document,
      issuer: 'https://evil.test',
      token_endpoint: 'https://evil.test/t',
    })
    expect(await discover()).toEqual(good)
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
