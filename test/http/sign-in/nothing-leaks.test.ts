import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type Attacked, begin, callbackOf, signInWrong, startAttackedGateway } from '../../support/attack.ts'
import { keyTextOn } from '../../support/browser-like.ts'

describe('nothing leaks from a sign-in:', () => {
  let context: Attacked
  beforeAll(async () => {
    context = await startAttackedGateway({ SSO_KEYS_MAX: '1000' })
  })
  beforeEach(() => context.wrong.reset())
  afterAll(() => context.close())

  test('the log of sign-ins that succeed, fail and are attacked holds nothing secret, and no email', async () => {
    const secrets: string[] = [context.gateway.masterKey]
    context.wrong.behaviour.tokenAnswer = (answer) => {
      secrets.push(String(answer.access_token), String(answer.id_token ?? answer.access_token))
      return answer
    }
    for (const change of [
      {},
      { token: 'no-id-token' },
      { sign: 'unknown-key' },
      { userInfoEndpoint: 'not-json' },
      { token: 'not-json' },
      { token: 'junk-2mb' },
    ]) {
      Object.assign(context.wrong.behaviour, { token: 'ok', sign: 'good', userInfoEndpoint: 'ok' }, change)
      const attempt = await begin(context)
      const path = await callbackOf(attempt)
      const page = await (await attempt.jar.fetch(path)).text()
      await (
        await context.gateway.fetch(path, {
          headers: { cookie: `${attempt.cookie.name}=${attempt.cookie.value}` },
        })
      ).text()
      secrets.push(attempt.state, attempt.cookie.value, attempt.location.searchParams.get('nonce') ?? '')
      secrets.push(
        new URL(path, 'http://x').searchParams.get('code') ?? '',
        keyTextOn(page)?.split('_')[2] ?? attempt.state,
      )
    }
    for (const { parameters, headers } of context.wrong.tokenRequests)
      secrets.push(parameters.get('code_verifier') ?? '', (headers.authorization ?? '').slice(6))
    const log = context.gateway.log.join('')
    expect(secrets.filter((secret) => secret.length < 16)).toEqual([])
    // Also no beginning of one: what is cut is not gone.
    expect(secrets.filter((secret) => log.includes(secret.slice(0, 16)))).toEqual([])
    expect(log).not.toContain('wanda@example.com')
  })

  test('a refusal names no internals: no stack, no path, no version, nothing of what the provider said', async () => {
    for (const change of [
      { token: 'status-500' },
      { token: 'error-invalid-grant' },
      { sign: 'alg-none' },
      { userInfoEndpoint: 'status-500' },
    ]) {
      context.wrong.reset()
      Object.assign(context.wrong.behaviour, change)
      for (const accept of ['text/html', 'application/json']) {
        const text = await (await signInWrong(context, { accept })).text()
        expect(text).not.toMatch(
          /alert\(1\)|server_error|invalid_grant|node_modules|\.ts\b|\bat \w+ |JWT|JWS|127\.0\.0\.1/,
        )
      }
    }
  })
})
