import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { proxies, refusalOf, withBearer, withKey, withSession } from '../../support/verify.ts'
import { startVerifyContext, type VerifyContext } from './verify-context.ts'

let context: VerifyContext
let key: string
let secret: string
beforeAll(async () => {
  context = await startVerifyContext()
  await context.changeUser(context.desk.userId, { groups: ['ops'] })
  key = await context.desk.mint({ scopes: ['a', 'b'] })
  secret = (await context.session()).secret
})
afterAll(() => context?.close())

const good = [200, undefined]
const forbidden = [403, 'forbidden']
const noScope = [403, 'insufficient_scope']

describe.each(proxies)('what is demanded, for %s', (proxy) => {
  const asKey = async (asked: object) =>
    refusalOf(await context.ask(proxy, { headers: withKey(key), ...asked }))
  const asSession = async (asked: object) =>
    refusalOf(await context.ask(proxy, { headers: withSession(secret), ...asked }))

  test('by the address: every scope, and every group; a session carries no scope', async () => {
    expect(await asKey({ demands: 'scope=a&scope=b&group=ops' })).toEqual(good)
    expect(await asKey({ demands: 'scope=a&scope=c' })).toEqual(noScope)
    expect(await asKey({ demands: 'group=ops&group=other' })).toEqual(forbidden)
    expect(await asSession({ demands: 'scope=a' })).toEqual(noScope)
    expect(await asSession({ demands: 'group=ops' })).toEqual(forbidden)
    // Warm as it is now, nothing of an answer before counts.
    expect(await asKey({})).toEqual(good)
    expect(await asKey({ demands: 'scope=c' })).toEqual(noScope)
  })

  test('by the app: one of its groups and roles, each of its scopes, one of its methods', async () => {
    const jwt = await context.jwtFor(key)
    const asJwt = async () => refusalOf(await context.ask(proxy, { headers: withBearer(jwt) }))
    await context.withApps([{ groups: ['ops', 'dev'] }], async () => {
      expect(await asKey({})).toEqual(good)
      expect(await asJwt()).toEqual(good)
      expect(await asSession({})).toEqual(forbidden)
    })
    await context.withApps([{ roles: ['admin'] }], async () => {
      expect(await asKey({})).toEqual(forbidden)
    })
    await context.withApps([{ scopes: ['a', 'b'] }], async () => {
      expect(await asKey({})).toEqual(good)
      expect(await asSession({})).toEqual(noScope)
    })
    await context.withApps([{ scopes: ['a', 'c'] }], async () => {
      expect(await asKey({})).toEqual(noScope)
      expect(await asJwt()).toEqual(noScope)
    })
    for (const [method, answers] of [
      ['session', [good, forbidden, forbidden]],
      ['key', [forbidden, good, forbidden]],
      ['jwt', [forbidden, forbidden, good]],
    ] as const) {
      await context.withApps([{ methods: [method] }], async () => {
        expect([await asSession({}), await asKey({}), await asJwt()], method).toEqual(answers)
      })
    }
    // Gone again, on the next request.
    expect(await asSession({})).toEqual(good)
  })

  test('at its host alone, by case, trailing dot and default port, and at no other port', async () => {
    await context.withApps([{ roles: ['admin'] }], async () => {
      for (const host of ['app.example.com', 'APP.EXAMPLE.com', 'app.example.com.', 'app.example.com:443'])
        expect(await asKey({ host }), host).toEqual(forbidden)
      for (const host of ['app.example.com:8443', 'App.example.com.:80'])
        expect(await asKey({ host }), host).toEqual(forbidden)
      for (const host of ['other.example.com', 'xapp.example.com', 'app.example.com.evil.test'])
        expect(await asKey({ host }), host).toEqual(good)
    })
  })

  test('below its paths, of which the longest decides, and nowhere beside them', async () => {
    const apps = [{ path_prefixes: ['/public'] }, { path_prefixes: ['/public/admin'], roles: ['admin'] }]
    await context.withApps(apps, async () => {
      for (const target of ['/public', '/public/', '/public/x?y=/public/admin', '/public/administration'])
        expect(await asKey({ target }), target).toEqual(good)
      for (const target of [
        '/public/admin',
        '/public/admin/',
        '/public/admin/x',
        '/',
        '/publicity',
        '/other',
      ])
        expect(await asKey({ target }), target).toEqual(forbidden)
      const ambiguous = ['//public', '/public/../x', '/public/./x', '/public//admin', '/public/%61dmin']
      ambiguous.push('/public%2Fadmin', '/public/%2e%2e/x', '/PUBLIC/ADMIN', '/public/x;/admin', '/public/%')
      ambiguous.push('/public/%252e', '/public/x%00', '/public/%5cadmin')
      for (const target of ambiguous) expect(await asKey({ target }), target).toEqual(forbidden)
      // Node itself refuses such a request target, which is what Envoy sends.
      const [status] = await asKey({ target: '/public/\u00c3\u00bc' })
      expect(status).toBe(proxy === 'envoy' ? 400 : 403)
    })
  })
})

describe('a host that no app has', () => {
  test('is open to whoever is known, and closed with UNKNOWN_HOST=deny', async () => {
    const closed = await startVerifyContext({ UNKNOWN_HOST: 'deny' })
    try {
      const own = await closed.desk.mint()
      const { secret: browser } = await closed.session()
      for (const proxy of proxies) {
        expect(refusalOf(await context.ask(proxy, { host: 'new.test', headers: withKey(key) }))).toEqual(good)
        for (const headers of [withKey(own), withSession(browser)])
          expect(refusalOf(await closed.ask(proxy, { headers })), proxy).toEqual(forbidden)
        await closed.withApps([{}], async () => {
          expect(refusalOf(await closed.ask(proxy, { headers: withKey(own) }))).toEqual(good)
        })
      }
    } finally {
      await closed.close()
    }
  })
})
