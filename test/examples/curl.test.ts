import { fileURLToPath } from 'node:url'
import { decodeJwt } from 'jose'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Desk, idOf, startDesk } from '../support/desk.ts'
import { type CurlFolder, describeWithCurl, makeCurlFolder } from '../support/recorded-curl.ts'

const scripts = fileURLToPath(new URL('../../examples/curl/', import.meta.url))

describeWithCurl('the curl example', () => {
  let desk: Desk
  let folder: CurlFolder
  let key: string
  beforeAll(async () => {
    desk = await startDesk({ JWT_AUDIENCES: 'fastapi' })
    folder = makeCurlFolder()
    key = await desk.mint({ scopes: ['reports:read', 'reports:write'] })
  })
  afterAll(async () => {
    folder?.remove()
    await desk?.close()
  })
  const run = (script: string, parameters: readonly string[], input: string, url = desk.gateway.url) =>
    folder.run([`${scripts}${script}.sh`, ...parameters], { input, environment: { KEYDESK_URL: url } })

  test('check.sh says whose a good key is, with every scope that was asked', async () => {
    const { status, stdout } = await run('check', ['reports:read', 'reports:write'], `${key}\n`)
    expect(status).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ valid: true, user: { id: desk.userId } })
  })

  test('check.sh fails for a key without a scope, a revoked one and a forged one, and says why', async () => {
    const revoked = await desk.mint()
    await desk.revoke(revoked)
    for (const [text, code, ...scopes] of [
      [key, 'insufficient_scope', 'reports:read', 'reports:delete'],
      [revoked, 'revoked_key'],
      ['kd_forged', 'invalid_key'],
    ] as const) {
      const { status, stdout } = await run('check', scopes, text)
      expect([status, JSON.parse(stdout).code]).toEqual([22, code])
    }
  })

  test('a scope is sent as it is written', async () => {
    const { status, stdout } = await run('check', ['a&scope=b'], key)
    expect([status, JSON.parse(stdout).code]).toEqual([22, 'invalid_request'])
  })

  test('token.sh prints a JWT for the audience, with the scopes that were asked or all', async () => {
    const narrow = await run('token', ['fastapi', 'reports:read'], `${key}\n`)
    expect(narrow.status).toBe(0)
    const claims = decodeJwt(narrow.stdout.trim())
    expect(claims).toMatchObject({
      iss: desk.gateway.url,
      aud: 'fastapi',
      sub: desk.userId,
      scope: 'reports:read',
    })
    const whole = await run('token', ['fastapi'], key)
    expect(decodeJwt(whole.stdout.trim()).scope).toBe('reports:read reports:write')
  })

  test('token.sh prints no JWT for an audience or a scope that it cannot have, and fails', async () => {
    for (const parameters of [['elsewhere'], ['fastapi', 'reports:delete'], []]) {
      const { status, stdout, stderr } = await run('token', parameters, key)
      expect([status, stdout]).not.toEqual([0, ''])
      expect(stdout).toBe('')
      expect(stderr).not.toBe('')
    }
  })

  test('revoke-leaked.sh stops a key for good, and says which by its public part', async () => {
    const leaked = await desk.mint()
    const { status, stdout } = await run('revoke-leaked', [], `${leaked}\n`)
    expect([status, stdout]).toEqual([0, `Nobody accepts kd_${idOf(leaked)} any more.\n`])
    const after = await run('check', [], leaked)
    expect(JSON.parse(after.stdout).code).toBe('revoked_key')
  })

  test('nobody on the machine can see the key: not in arguments, not in the environment, not in what is printed', async () => {
    const other = await desk.mint({ scopes: ['reports:read'] })
    for (const [script, ...parameters] of [
      ['check', 'reports:read'],
      ['token', 'fastapi'],
      ['revoke-leaked'],
    ]) {
      const { status, stdout, stderr, seen } = await run(script ?? '', parameters, other)
      expect([script, status]).toEqual([script, 0])
      expect(seen).toContain(desk.gateway.url)
      expect(seen + stdout + stderr).not.toContain(other.slice(16, 40))
    }
  })

  test('what is no key, and a Keydesk without https, are asked nothing', async () => {
    const wrong = ['', '\n', 'kd_a b', 'kd_a"', 'kd_x\u00fc']
    for (const text of wrong) expect(await run('check', [], text)).toMatchObject({ status: 2, seen: '' })
    for (const url of ['http://keys.acme.test', 'http://localhost.acme.test', 'ftp://localhost'])
      expect(await run('check', [], key, url)).toMatchObject({ status: 2, seen: '' })
  })

  test('a key from a file of Windows is read without its carriage return', async () => {
    expect((await run('check', [], `${key}\r\n`)).status).toBe(0)
  })
})
