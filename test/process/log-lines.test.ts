import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createCookieJar, keyTextOn, pathOf } from '../support/browser-like.ts'
import { json } from '../support/json.ts'
import { type KeydeskProcess, startKeydesk } from '../support/keydesk-process.ts'
import { signInSettings, subjectOf, testClient } from '../support/sign-in.ts'
import { type StandInProvider, signInAtProvider, startStandInProvider } from '../support/stand-in-provider.ts'

describe('the log of a process', () => {
  let standIn: StandInProvider
  let gateway: KeydeskProcess
  let requestIds: string[]
  let secrets: Record<string, string>
  let output: string
  let errors: string

  beforeAll(async () => {
    gateway = await startKeydesk(async (url) => {
      standIn = await startStandInProvider({ ...testClient, redirectUris: [`${url}/auth/callback`] })
      return { ...signInSettings(standIn.issuer), LOG_LEVEL: 'trace' }
    })
    requestIds = []
    const jar = createCookieJar(gateway)
    const ask = async (path: string, init: RequestInit = {}) => {
      const response = await jar.fetch(path, init)
      requestIds.push(response.headers.get('x-request-id') ?? 'none')
      return response
    }
    const login = await ask('/auth/login')
    const [[, cookie = ''] = []] = [...jar.cookies]
    const callback = pathOf(
      await signInAtProvider(login.headers.get('location') ?? '', subjectOf(standIn, 'alice@example.com')),
    )
    const sent = new URLSearchParams(callback.split('?')[1])
    const key = keyTextOn(await (await ask(callback)).text()) ?? ''
    const [, id = '', secretAndTag = ''] = key.split('_')
    const { data } = await json(await gateway.asAdmin('/admin/users'))
    const minting = {
      method: 'POST',
      headers: { authorization: `Bearer ${gateway.masterKey}`, 'content-type': 'application/json' },
      body: JSON.stringify({ user_id: data[0].id, name: 'ci', scopes: [], metadata: {} }),
    }
    const minted = (await json(await ask('/admin/keys', minting))).key_text
    // The same again, wrong: replayed, in the path, in the query, as a name, doubled, cut, unknown.
    await ask(callback)
    await ask(`/auth/callback?state=${sent.get('state')}x&code=${sent.get('code')}`)
    await ask(`/auth/callback?error=access_denied&state=${sent.get('state')}`)
    for (const path of [`/${key}`, `/admin/keys/${key}`, `/admin/${key}`, `/auth/login?key=${key}`])
      await ask(path, { headers: { authorization: `Bearer ${gateway.masterKey}` } })
    await ask(`/v1/validate?key=${key}`)
    await ask(`/v1/validate?api_key=${key}`, { headers: { 'x-api-key': key } })
    await ask('/v1/validate', { headers: { 'x-api-key': key, 'user-agent': `curl ${key}` } })
    await ask('/v1/validate', { headers: { 'x-api-key': key, authorization: `Bearer ${minted}` } })
    await ask('/v1/validate', { headers: { 'x-api-key': key.slice(0, -1) } })
    await ask(`/v1/validate?scope=${key}`, { headers: { 'x-api-key': key } })
    await ask(`/admin/keys?cursor=${key}&user_id=${key}`, { headers: { authorization: `Bearer ${key}` } })
    await ask(`/admin/keys?cursor=${key}`, { headers: { authorization: `Bearer ${gateway.masterKey}` } })
    await ask('/admin/keys', { ...minting, body: `{"name": "${key}", ` })
    await ask('/admin/keys', { ...minting, body: JSON.stringify({ [key]: gateway.masterKey }) })
    await ask(`/healthz?master=${gateway.masterKey}`)
    await ask(`/${gateway.masterKey}`)
    secrets = {
      'the key': key,
      'the secret of the key': secretAndTag,
      'the beginning of the secret': secretAndTag.slice(0, 16),
      'the minted key': minted.split('_')[2],
      'the code': sent.get('code') ?? '',
      'the state': sent.get('state') ?? '',
      'the signature of the state': sent.get('state')?.split('.')[1] ?? '',
      'the cookie': cookie,
      'the master key': gateway.masterKey,
      'the client secret': testClient.clientSecret,
    }
    expect(id).toHaveLength(12)
    gateway.process().signal('SIGTERM')
    const ending = await gateway.process().ended
    output = ending.stdout
    errors = ending.stderr
  })
  afterAll(async () => {
    await gateway?.close()
    await standIn?.close()
  })

  test('every line of it is one JSON object with a level and a time', () => {
    for (const line of output.trimEnd().split('\n')) {
      expect(JSON.parse(line)).toMatchObject({ level: expect.any(Number), time: expect.stringMatching(/Z$/) })
    }
  })

  test('every request has its line, found by the request id of its answer', () => {
    expect(requestIds).not.toContain('none')
    const logged = new Set(
      output
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line).request_id),
    )
    expect(requestIds.filter((id) => !logged.has(id))).toEqual([])
  })

  test('it holds no key, code, state, cookie, client secret or master key', () => {
    for (const [name, secret] of Object.entries(secrets)) {
      expect(secret.length, name).toBeGreaterThan(15)
      expect(output.includes(secret), `${name} is in the log`).toBe(false)
      expect(errors.includes(secret), `${name} is on standard error`).toBe(false)
    }
  })
})
