import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Attacked, startAttackedGateway } from '../../support/attack.ts'
import { type CookieJar, createCookieJar, pathOf } from '../../support/browser-like.ts'
import { json } from '../../support/json.ts'
import { sealNow } from '../../support/seal-now.ts'
import { stateAt } from '../../support/signed-in.ts'
import { authorizeAt } from '../../support/wrong-issuer.ts'

describe('sign-ins in several tabs of one browser', () => {
  let context: Attacked
  let shiftMs = 0
  beforeAll(async () => {
    context = await startAttackedGateway(
      { AUTH_RATE_LIMIT: 'off' },
      { now: () => new Date(Date.now() + shiftMs) },
    )
  })
  afterAll(() => context.close())

  /** Opens a tab at this place, as far as the provider's answer. */
  async function open(jar: CookieJar, returnTo: string): Promise<string> {
    // Which is the oldest is told by the millisecond.
    shiftMs += 10
    const login = await jar.fetch(`/auth/login?return_to=${encodeURIComponent(returnTo)}`)
    expect(login.status).toBe(302)
    return pathOf(await authorizeAt(login.headers.get('location') ?? ''))
  }

  test('six of them all finish, each where it was begun for, in whatever order', async () => {
    const jar = createCookieJar(context.gateway)
    const tabs: string[] = []
    for (let tab = 0; tab < 6; tab += 1) tabs.push(await open(jar, `/account?tab=${tab}`))
    expect(jar.cookies.size).toBe(6)
    const secrets: string[] = []
    for (const tab of [3, 0, 5, 1, 4, 2]) {
      const response = await jar.fetch(tabs[tab] ?? '')
      expect(response.status).toBe(303)
      expect(response.headers.get('location')).toBe(`${context.gateway.url}/account?tab=${tab}`)
      secrets.push(jar.cookies.get('__Host-keydesk') ?? '')
    }
    expect(new Set(secrets).size).toBe(6)
    // The browser holds the last value alone, and the earlier sessions are over.
    expect([...jar.cookies.keys()]).toEqual(['__Host-keydesk'])
    const statuses = await Promise.all(
      secrets.map(async (secret) => (await stateAt(context.gateway, secret)).status),
    )
    expect(statuses).toEqual([401, 401, 401, 401, 401, 200])
  })

  test('where their cookies would pass 6 kB the oldest gives way, with a page that says what to do', async () => {
    const jar = createCookieJar(context.gateway)
    const tabs: { path: string; returnTo: string }[] = []
    for (let tab = 0; tab < 6; tab += 1) {
      const returnTo = `/account?tab=${tab}&x=`.padEnd(1200, 'a')
      tabs.push({ path: await open(jar, returnTo), returnTo })
      const bytes = [...jar.cookies].map(([name, value]) => `${name}=${value}`).join('; ').length
      expect(bytes).toBeLessThanOrEqual(6000)
    }
    const kept = jar.cookies.size
    expect(kept).toBeGreaterThanOrEqual(2)
    expect(kept).toBeLessThan(6)
    const [oldest] = tabs
    const page = await jar.fetch(oldest?.path ?? '', { headers: { accept: 'text/html' } })
    expect(page.status).toBe(400)
    expect(page.headers.get('content-type')).toMatch(/^text\/html/)
    const text = await page.text()
    expect(text).toContain('newer ones have taken its place')
    expect(text).toMatch(/href="\/auth\/login"/)
    expect(jar.cookies.has('__Host-keydesk')).toBe(false)
    for (const { path, returnTo } of tabs.slice(-kept)) {
      const response = await jar.fetch(path)
      expect(response.headers.get('location')).toBe(context.gateway.url + returnTo)
    }
  })

  test('of the longest return_to one fits, and it is the newest', async () => {
    const jar = createCookieJar(context.gateway)
    const paths: string[] = []
    for (const letter of ['a', 'b']) paths.push(await open(jar, `/${letter}`.padEnd(2500, letter)))
    expect(jar.cookies.size).toBe(1)
    for (const [name, value] of jar.cookies) expect(name.length + value.length).toBeLessThan(4096)
    const refused = await jar.fetch(paths[0] ?? '', { headers: { accept: 'application/json' } })
    expect({ status: refused.status, code: (await json(refused)).code }).toEqual({
      status: 400,
      code: 'state_invalid',
    })
    expect((await jar.fetch(paths[1] ?? '')).status).toBe(303)
  })
})

describe('sign-ins that nobody finishes', () => {
  let context: Attacked
  beforeAll(async () => {
    context = await startAttackedGateway({ AUTH_RATE_LIMIT: 'off' })
  })
  afterAll(() => context.close())

  async function rowCounts(): Promise<Record<string, number>> {
    const { database } = context.gateway
    const tables = await database.rows(
      database.engine === 'sqlite'
        ? "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"
        : "SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename",
    )
    const counts = tables.map(async ({ name }) => {
      const [row] = await database.rows(`SELECT count(*) AS count FROM "${name}"`)
      return [name, row.count] as const
    })
    return Object.fromEntries(await Promise.all(counts))
  }

  test('leave no row behind: 1,000 of them, with and without return_to, in one browser and in many', async () => {
    // What is made at the first is not made by the others.
    await context.gateway.fetch('/auth/login')
    await sealNow(context.gateway)
    const watched = await context.gateway.database.watchWrites()
    const [counts, written] = [await rowCounts(), await watched.mark()]
    expect(Object.keys(counts).length).toBeGreaterThan(10)
    const jar = createCookieJar(context.gateway)
    for (let round = 0; round < 100; round += 1) {
      const answers = await Promise.all(
        Array.from({ length: 10 }, (_, index) => {
          const path = index % 2 === 0 ? '/auth/login' : `/auth/login?return_to=/x${round}-${index}`
          return (index < 5 ? jar : context.gateway).fetch(path)
        }),
      )
      for (const answer of answers) {
        await answer.body?.cancel()
        expect(answer.status).toBe(302)
      }
    }
    expect(await rowCounts()).toEqual(counts)
    expect(await watched.mark()).toEqual(written)
    await watched.end()
    // The browser keeps what fits, and not a thousand.
    expect(jar.cookies.size).toBeLessThan(40)
  })
})
