import { afterEach, describe, expect, test } from 'vitest'
import { type AllowlistContext, goodList, listToken, startAllowlist } from './allowlist-context.ts'
import { until } from './list-server.ts'
import { person } from './people-context.ts'

const [ada, otto] = [person('ada'), person('otto', { email: 'otto@other.test', hd: 'other.test' })]
const grace = person('grace', { email: 'grace@partner.test', hd: undefined })

let context: AllowlistContext
afterEach(() => context.close())

describe('the external list', () => {
  test('lets in whom it names, by domain with its hd or by address, and nobody else', async () => {
    context = await startAllowlist()
    await context.taken()
    await context.keyOf(ada)
    await context.keyOf(grace)
    expect(await context.refusalOf(otto)).toBe('domain_not_allowed')
    expect(await context.refusalOf({ ...ada, sub: 'x', email: 'x@example.com', hd: undefined })).toBe(
      'hd_not_allowed',
    )
    expect(await context.state()).toEqual({
      fetched_at: expect.stringMatching(/Z$/),
      is_stale: false,
      domains: 1,
      emails: 1,
    })
  })

  test('lets nobody in before the first good answer, on loopback too; ADMIN_EMAILS come in', async () => {
    context = await startAllowlist({ status: 500 }, { ADMIN_EMAILS: 'boss@example.com' })
    await until('a failure was logged', async () => context.failures().length > 0)
    expect(await context.state()).toEqual({ fetched_at: null, is_stale: true, domains: 0, emails: 0 })
    expect(await context.refusalOf(ada)).toBe('no_rule')
    await context.keyOf(person('boss'))
    context.list.answer({ body: goodList })
    await context.taken()
    await context.keyOf(ada)
  })

  test('that is changed lets in and cuts off: keys and sessions of who is gone are refused', async () => {
    context = await startAllowlist()
    await context.taken()
    const [key, jar] = [await context.keyOf(ada), await context.browserOf(ada)]
    const gracesKey = await context.keyOf(grace)
    expect(await context.codeFor(key)).toBe('valid')
    context.list.answer({ body: { domains: ['other.test'], emails: ['grace@partner.test'] } })
    await context.taken()
    expect([await context.codeFor(key), await context.stateOf(jar)]).toEqual([
      'owner_not_allowed',
      'owner_not_allowed',
    ])
    expect(await context.codeFor(gracesKey)).toBe('valid')
    await context.keyOf(otto)
    context.list.answer({ body: goodList })
    await context.taken()
    expect(await context.codeFor(key)).toBe('valid')
  })

  test('that names nobody any more lets nobody in: it does not fall back to anybody', async () => {
    context = await startAllowlist()
    await context.taken()
    const key = await context.keyOf(ada)
    context.list.answer({ body: { domains: [], emails: [] } })
    await context.taken()
    expect(await context.codeFor(key)).toBe('owner_not_allowed')
    expect(await context.refusalOf(ada)).toBe('no_rule')
  })

  test('adds to the rules of the settings and of the database, and a deny rule beats it', async () => {
    context = await startAllowlist({ body: goodList }, { ALLOWED_EMAILS: 'otto@other.test' })
    await context.taken()
    await context.keyOf(otto)
    await context.keyOf(ada)
    await context.done('POST', '/admin/access-rules', { kind: 'deny_email', value: 'ada@example.com' })
    expect(await context.refusalOf(ada)).toBe('denied')
  })

  test('may name providers, and can neither deny nor allow for every one', async () => {
    const domains = ['okta:example.com', '*:example.com', 'google: Other.Test ']
    context = await startAllowlist({ body: { domains, emails: ['*:ada@example.com'] } })
    await context.taken()
    await context.keyOf(otto)
    expect(await context.refusalOf(ada)).toBe('domain_not_allowed')
    expect(await context.state()).toMatchObject({ domains: 2, emails: 0 })
  })

  test('is asked for with the token, and again only if it has changed', async () => {
    const etag = '"v1"'
    context = await startAllowlist(
      (request, response) => {
        if (request.headers['if-none-match'] === etag) return void response.writeHead(304).end()
        response.writeHead(200, { 'content-type': 'application/json', etag })
        response.end(JSON.stringify(goodList))
      },
      { ALLOWLIST_TOKEN: listToken },
    )
    await context.taken()
    await context.taken()
    const [first, ...later] = context.list.requests
    expect(first?.headers.authorization).toBe(`Bearer ${listToken}`)
    expect(first?.headers['if-none-match']).toBeUndefined()
    expect(later.length).toBeGreaterThan(0)
    for (const { headers } of later)
      expect([headers.authorization, headers['if-none-match']]).toEqual([`Bearer ${listToken}`, etag])
    expect(await context.state()).toMatchObject({ is_stale: false, domains: 1, emails: 1 })
    await context.keyOf(ada)
    expect(context.gateway.log.join('')).not.toContain(listToken)
  })

  test('without an ETag is asked for by its date', async () => {
    const date = 'Mon, 01 Mar 2027 10:00:00 GMT'
    context = await startAllowlist((request, response) => {
      if (request.headers['if-modified-since'] === date) return void response.writeHead(304).end()
      response.writeHead(200, { 'last-modified': date }).end(JSON.stringify(goodList))
    })
    await context.taken()
    await context.taken()
    expect(context.list.requests.at(-1)?.headers['if-modified-since']).toBe(date)
    expect(await context.state()).toMatchObject({ domains: 1, emails: 1 })
  })
})

describe('the copy of a list', () => {
  test('of another ALLOWLIST_URL counts for nothing after a restart, nor does any without the setting', async () => {
    context = await startAllowlist()
    await context.taken()
    const key = await context.keyOf(ada)
    context.list.answer({ status: 503 })
    const { url } = context.list
    await context.gateway.restart({ ALLOWLIST_URL: `${url}?other` })
    expect(await context.state()).toMatchObject({ fetched_at: null, is_stale: true })
    expect([await context.codeFor(key), await context.refusalOf(ada)]).toEqual([
      'owner_not_allowed',
      'no_rule',
    ])
    await context.gateway.restart({ ALLOWLIST_URL: '', ALLOWED_DOMAINS: 'other.test' })
    expect(await context.codeFor(key)).toBe('owner_not_allowed')
    await context.gateway.restart({ ALLOWLIST_URL: url })
    expect(await context.codeFor(key)).toBe('valid')
  })

  test('that is stale lets nobody sign in, new or known, while keys and sessions go on', async () => {
    context = await startAllowlist({ body: goodList }, { ALLOWLIST_STALE_MAX: '10m' })
    await context.taken()
    const [key, jar] = [await context.keyOf(ada), await context.browserOf(ada)]
    context.list.answer({ status: 503 })
    await context.list.asked()
    context.clock.forward(540)
    await context.keyOf(ada)
    context.clock.forward(120)
    expect(await context.state()).toMatchObject({ is_stale: true, domains: 1 })
    expect(await context.refusalOf(ada)).toBe('no_rule')
    expect(await context.refusalOf(person('bob'))).toBe('no_rule')
    expect([await context.codeFor(key), await context.stateOf(jar)]).toEqual(['valid', 'valid'])
    context.list.answer({ body: goodList })
    await context.taken()
    expect((await context.state()).is_stale).toBe(false)
    await context.keyOf(person('bob'))
  })
})
