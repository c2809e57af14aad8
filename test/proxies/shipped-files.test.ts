import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { freePort } from '../support/keydesk-process.ts'
import { foreignIdentityNames, identityNames } from '../support/proxies/identity-names.ts'
import { describeBehind, programs, writeNginx } from '../support/proxies/proxy-process.ts'

const deploy = resolve(import.meta.dirname, '../../deploy')
const read = (path: string) => readFileSync(join(deploy, path), 'utf8')
const lower = identityNames.map((name) => name.toLowerCase())

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'keydesk-shipped-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const run = (program: string, parameters: string[]) =>
  spawnSync(program, parameters, {
    encoding: 'utf8',
    env: { PATH: process.env.PATH ?? '', HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder },
  })

describeBehind(['nginx'], 'the files for nginx', () => {
  test('nginx takes them, and has nothing to say about them', async () => {
    const places = { httpsPort: await freePort(), keydeskPort: 3000, appPort: 8501 }
    const { status, stderr } = run(programs.nginx, ['-t', '-q', ...writeNginx(folder, places)])
    expect([stderr, status]).toEqual(['', 0])
  })

  test('every identity header that Keydesk answers is put in the place of what the client sent', () => {
    const headers = read('nginx/keydesk-headers.conf')
    const taken = read('nginx/keydesk.conf')
    for (const name of identityNames) {
      const variable = new RegExp(`^proxy_set_header ${name} (\\$keydesk_[a-z_]+);$`, 'm').exec(headers)?.[1]
      const upstream = name.toLowerCase().replaceAll('-', '_')
      expect(taken, name).toContain(`auth_request_set ${variable} $upstream_http_${upstream};`)
    }
  })
})

describeBehind(['caddy'], 'the file for Caddy', () => {
  const caddyfile = join(deploy, 'caddy/Caddyfile')

  test('Caddy takes it as it stands', () => {
    const { status, stderr } = run(programs.caddy, [
      'validate',
      '--config',
      caddyfile,
      '--adapter',
      'caddyfile',
    ])
    expect(status, stderr).toBe(0)
    expect(stderr).not.toMatch(/not formatted|deprecated/)
  })

  test('what the client says of itself is deleted before Keydesk is asked, and the app comes last', () => {
    const { apps } = JSON.parse(run(programs.caddy, ['adapt', '--config', caddyfile]).stdout)
    const site = Object.values<{ routes: unknown[] }>(apps.http.servers)
      .flatMap(({ routes }) => routes)
      .find((route) => JSON.stringify(route).includes('"host":["app.example.com"]'))
    const text = JSON.stringify(site)
    const order = [
      '"*_*"',
      '"X-Auth-Request-*"',
      '"Remote-*"',
      '/auth/verify/caddy?',
      '"X-API-Key"',
      '127.0.0.1:8501',
    ]
    const places = order.map((part) => text.indexOf(part))
    expect(places).not.toContain(-1)
    expect(places).toEqual(places.toSorted((one, other) => one - other))
    for (const name of identityNames.filter((name) => name.startsWith('X-')))
      expect(text).toContain(`"${name}":["{http.reverse_proxy.header.${name}}"]`)
  })
})

describe('the file for Traefik', () => {
  const { http } = parse(read('traefik/dynamic.yaml'))

  test('deletes and copies every identity header, however it is written, and nothing that apps need', () => {
    const { forwardAuth } = http.middlewares.keydesk
    expect(forwardAuth.trustForwardHeader).toBe(false)
    // Go writes the flag at the beginning.
    const pattern = new RegExp(forwardAuth.authResponseHeadersRegex.replace('(?i)', ''), 'i')
    for (const name of [...identityNames, ...foreignIdentityNames])
      for (const written of [
        name,
        name.replaceAll('-', '_'),
        name.replaceAll('-', '.'),
        name.replace('-', '_'),
      ])
        expect(written).toMatch(pattern)
    const needed = [
      'Content-Type',
      'X-Forwarded-For',
      'X-Forwarded-Host',
      'X-Forwarded-Proto',
      'X-Forwarded-Server',
    ]
    for (const name of [...needed, 'X-Auth-Error', 'Set-Cookie', 'Location'])
      expect(name).not.toMatch(pattern)
  })

  test('asks before the app is reached, names the app itself, and keeps the key back', () => {
    const { middlewares } = http.routers.app
    expect(middlewares).toEqual(['app-host', 'keydesk', 'no-key'])
    expect(http.middlewares['app-host'].headers.customRequestHeaders.Host).toBe('app.example.com')
    expect(http.middlewares['no-key'].headers.customRequestHeaders).toEqual({ 'X-API-Key': '' })
    for (const name of middlewares) expect(http.middlewares).toHaveProperty(name)
    expect(http.routers.keys.rule).toContain('!PathPrefix(`/auth/verify/`)')
  })
})

describe('the file for Envoy', () => {
  const { static_resources: resources } = parse(read('envoy/envoy.yaml'))
  const manager = resources.listeners[0].filter_chains[0].filters[0].typed_config
  const [authorization, router] = manager.http_filters
  const { http_service: service, ...filter } = authorization.typed_config

  test('removes every identity header of a client before Keydesk is asked, and names with underscores', () => {
    const [{ typed_config: mutation }] = manager.early_header_mutation_extensions
    const removed = mutation.mutations.map(({ remove }: { remove: string }) => remove)
    expect(removed).toEqual(expect.arrayContaining(lower))
    expect(manager.common_http_protocol_options.headers_with_underscores_action).toBe('DROP_HEADER')
    expect(manager.use_remote_address).toBe(true)
  })

  test('denies when Keydesk does not answer, within 3 s', () => {
    expect(filter).toMatchObject({
      failure_mode_allow: false,
      status_on_error: { code: 'ServiceUnavailable' },
    })
    expect(service.server_uri.timeout).toBe('3s')
    expect(router.name).toBe('envoy.filters.http.router')
  })

  test('passes on what Keydesk judges by, and to the app every identity header', () => {
    type Pattern = { exact?: string; prefix?: string }
    const covers = (patterns: Pattern[], name: string) =>
      patterns.some(
        ({ exact, prefix }) => exact === name || (prefix !== undefined && name.startsWith(prefix)),
      )
    const asked = ['cookie', 'x-api-key', 'accept', 'content-type', 'user-agent', 'x-requested-with']
    for (const name of [
      ...asked,
      'x-forwarded-for',
      'x-forwarded-proto',
      'sec-fetch-mode',
      'sec-websocket-key',
    ])
      expect(covers(filter.allowed_headers.patterns, name), name).toBe(true)
    for (const name of lower)
      expect(covers(service.authorization_response.allowed_upstream_headers.patterns, name), name).toBe(true)
  })

  test('takes exactly the names of the two hosts, and keeps the key back', () => {
    const [app, keys] = manager.route_config.virtual_hosts
    expect([app.domains, keys.domains]).toEqual([['app.example.com'], ['keys.example.com']])
    expect(app.request_headers_to_remove).toEqual(['x-api-key'])
    expect(app.typed_per_filter_config).toBeUndefined()
    const clusters = resources.clusters.map(({ name }: { name: string }) => name)
    expect(clusters).toEqual(expect.arrayContaining([service.server_uri.cluster, 'app']))
  })
})
