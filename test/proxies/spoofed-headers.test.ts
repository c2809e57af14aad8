import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { asAppsRead } from '../support/proxies/echo-app.ts'
import { foreignIdentityNames, identityNames, spellingsOf } from '../support/proxies/identity-names.ts'
import { type ProtectedApp, startProtectedApp } from '../support/proxies/protected-app.ts'
import { describeBehind, type ProxyName } from '../support/proxies/proxy-process.ts'

const remoteSettings: Record<ProxyName, readonly (readonly [string, string])[]> = {
  nginx: [],
  // What the file says to add.
  caddy: [
    [
      'copy_headers X-Auth-Request-Jwt',
      'copy_headers X-Auth-Request-Jwt Remote-User Remote-Email Remote-Name Remote-Groups',
    ],
  ],
}

describeBehind(['nginx', 'caddy'], 'what a client says of itself', () => {
  describe.each<ProxyName>(['nginx', 'caddy'])('%s', (name) => {
    let it: ProtectedApp
    let key: string
    beforeAll(async () => {
      it = await startProtectedApp(name)
      key = await it.desk.mint()
    })
    afterAll(() => it?.close())

    const said = 'mallory'
    const expectSilence = (received: { headers: readonly (readonly [string, string])[] }) =>
      expect(received.headers.filter(([, value]) => value.includes(said))).toEqual([])

    test.each([...identityNames, ...foreignIdentityNames])(
      '%s never reaches the app, however it is written',
      async (header) => {
        const spellings = spellingsOf(header)
        for (const spelling of spellings) {
          const got = await it.reach('/', {
            headers: [
              ['X-API-Key', key],
              [spelling, said],
            ],
          })
          expectSilence(got)
          expect(asAppsRead(got, header).length, spelling).toBeLessThanOrEqual(1)
        }
        const all = spellings.flatMap(
          (spelling) =>
            [
              [spelling, said],
              [spelling, `${said}2`],
            ] as const,
        )
        expectSilence(await it.reach('/', { headers: [...all, ['X-API-Key', key]] }))
      },
    )

    test('an empty header and one beside a value change nothing of what Keydesk says', async () => {
      const got = await it.reach('/', {
        headers: [
          ['X-Auth-Request-User', ''],
          ['x_auth_request_user', ''],
          ['X-Auth-Request-User', said],
          ['X-Auth-Request-Key-Id', ''],
          ['X-API-Key', key],
        ],
      })
      expectSilence(got)
      expect(asAppsRead(got, 'X-Auth-Request-User')).toEqual([it.desk.userId])
    })

    test('Connection takes none of them off on the way, and no credential', async () => {
      const named = [
        'close',
        ...identityNames,
        'X-API-Key',
        'Cookie',
        'X-Original-URL',
        'X-Forwarded-Uri',
      ].join(', ')
      const got = await it.reach('/', {
        headers: [
          ['X-API-Key', key],
          ['Connection', named],
        ],
      })
      for (const short of ['User', 'Email', 'Role', 'Method', 'Jwt'])
        expect(asAppsRead(got, `X-Auth-Request-${short}`).join(''), short).not.toBe('')
    })

    test('an upgrade to anything but a WebSocket does not reach the app', async () => {
      const got = await it.reach('/', {
        headers: [
          ['X-API-Key', key],
          ['Connection', 'Upgrade, HTTP2-Settings'],
          ['Upgrade', 'h2c'],
          ['HTTP2-Settings', 'AAMAAABkAARAAAAAAAIAAAAA'],
        ],
      })
      expect(asAppsRead(got, 'Connection').join('')).not.toMatch(/upgrade/i)
    })

    test('headers that name another request are not believed', async () => {
      const elsewhere = [
        ['X-Original-URL', 'https://elsewhere.corp.test/'],
        ['X-Original-Method', 'DELETE'],
        ['X-Forwarded-Uri', '/elsewhere'],
        ['X-Forwarded-Host', 'elsewhere.corp.test'],
        ['X-Forwarded-Method', 'DELETE'],
        ['X-Forwarded-Proto', 'http'],
        ['X-Forwarded-For', '203.0.113.9'],
      ] as const
      const got = await it.reach('/', { headers: [...elsewhere, ['X-API-Key', key]] })
      const [jwt = ''] = asAppsRead(got, 'X-Auth-Request-Jwt')
      expect(JSON.parse(Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString()).aud).toBe(it.appUrl)
      expect(asAppsRead(got, 'X-Forwarded-For')).toEqual(['127.0.0.1'])
      expect(asAppsRead(got, 'X-Forwarded-Proto')).toEqual(['https'])
    })

    test('the session cookie of other apps is not for this one, and its own cookies are', async () => {
      const app = '__Secure-keydesk-app=0123456789abcdef'
      for (const [sent, left] of [
        [`a=1; ${app}; b=2`, 'a=1; b=2'],
        [`${app}; b=2`, 'b=2'],
        [`a=1; ${app}`, 'a=1; '],
        ['a=1; b="x y"', 'a=1; b="x y"'],
        [app, ''],
      ] as const) {
        const got = await it.reach('/', {
          headers: [
            ['X-API-Key', key],
            ['Cookie', sent],
          ],
        })
        expect(asAppsRead(got, 'Cookie').join('').trim(), sent).toBe(left.trim())
      }
    })

    test('the session cookie never reaches the app, however many of its name an app has planted', async () => {
      const [real, planted] = ['__Secure-keydesk-app=the-session', '__Secure-keydesk-app=planted']
      for (const sent of [
        [`${real}; ${planted}`],
        [`${planted}; ${real}`],
        [`a=1; ${real}; b=2; ${planted}; c=3`],
        [`${real};${planted};${planted}`],
        [`a=1;\t${real}; b=2`],
        [`a=1; ${real}`, `${planted}; b=2`],
      ]) {
        const cookies = sent.map((line) => ['Cookie', line] as const)
        const got = await it.reach('/', { headers: [['X-API-Key', key], ...cookies] })
        expect(JSON.stringify(got), sent.join(' | ')).not.toContain('the-session')
      }
    })

    test('outsiders cannot ask in the name of a proxy, by way of the public name of Keydesk', async () => {
      for (const proxy of ['nginx', 'caddy', 'traefik', 'envoy']) {
        const answer = await it.ask(`/auth/verify/${proxy}`, {
          serverName: 'keys.corp.test',
          headers: [
            ['Host', `keys.corp.test:${it.port}`],
            ['X-API-Key', key],
            ['X-Original-URL', `${it.appUrl}/`],
            ['X-Original-Method', 'GET'],
          ],
        })
        expect(answer.status).toBe(404)
      }
    })
  })

  describe.each<ProxyName>(['nginx', 'caddy'])('%s with IDENTITY_HEADERS=remote', (name) => {
    let it: ProtectedApp
    beforeAll(async () => {
      it = await startProtectedApp(name, {
        settings: { IDENTITY_HEADERS: 'remote' },
        changes: remoteSettings[name],
      })
    })
    afterAll(() => it?.close())

    test('the app gets the Remote-User family of Keydesk, and never that of the client', async () => {
      const spoofed = identityNames.flatMap((header) =>
        spellingsOf(header).map((one) => [one, 'mallory'] as const),
      )
      const key = await it.desk.mint()
      const got = await it.reach('/', { headers: [...spoofed.slice(0, 90), ['X-API-Key', key]] })
      const rest = await it.reach('/', { headers: [...spoofed.slice(90), ['X-API-Key', key]] })
      for (const received of [got, rest]) {
        expect(JSON.stringify(received)).not.toContain('mallory')
        expect(asAppsRead(received, 'Remote-User')).toEqual([it.desk.userId])
        expect(asAppsRead(received, 'Remote-Email')).toEqual([`${it.desk.userId}@desk.test`])
        expect(asAppsRead(received, 'Remote-Name')).toEqual(['Dana Desk'])
      }
    })
  })
})
