import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type AllowlistContext, goodList, listToken, startAllowlist } from './allowlist-context.ts'
import { type ListAnswer, until } from './list-server.ts'
import { person } from './people-context.ts'

const otherList = { domains: ['other.test'], emails: [] }
const redirect = (status: number): ListAnswer => {
  return (request, response) => {
    // Behind the redirect is a good list: only not following helps.
    if (request.url?.endsWith('/elsewhere')) return void response.end(JSON.stringify(otherList))
    response.writeHead(status, { location: '/elsewhere' }).end(JSON.stringify(otherList))
  }
}

describe('where the list server answers wrongly', () => {
  let context: AllowlistContext
  let key: string
  beforeAll(async () => {
    context = await startAllowlist({ body: goodList }, { ALLOWLIST_TOKEN: listToken })
    await context.taken()
    key = await context.keyOf(person('ada'))
  })
  afterAll(() => context.close())

  const failed = async () => {
    const before = context.failures().length
    await context.list.asked()
    await until('a failure was logged', async () => context.failures().length > before)
  }

  const answers: [string, ListAnswer][] = [
    ['500', { status: 500, body: otherList }],
    ['401', { status: 401, body: otherList }],
    ['204', { status: 204 }],
    ['201 with a list', { status: 201, body: otherList }],
    ['304 that nobody asked for', { status: 304 }],
    ['nothing', { body: '' }],
    ['no JSON', { body: '<html>down for maintenance</html>' }],
    ['half a list', { body: JSON.stringify(otherList).slice(0, -3) }],
    ['an array', { body: [otherList] }],
    ['null', { body: 'null' }],
    ['no domains', { body: { emails: [] } }],
    ['no emails', { body: { domains: ['other.test'] } }],
    ['lists that are no arrays', { body: { domains: 'other.test', emails: {} } }],
    ['a list of null', { body: { domains: null, emails: null } }],
    ['2.5 MB', { body: { ...otherList, padding: 'x'.repeat(2_500_000) } }],
    ['301', redirect(301)],
    ['302', redirect(302)],
    ['307', redirect(307)],
    ['a hang, and then a closed connection', (request) => void request.socket.end()],
    [
      'half an answer, and then a closed connection',
      (_, response) => {
        response.writeHead(200, { 'content-length': '1000' })
        response.write('{"domains": ["other.test"], "emails": []', () => response.socket?.destroy())
      },
    ],
  ]
  test.each(answers)('with %s: the last good copy stays in force, and the log says so', async (_, answer) => {
    const before = await context.state()
    context.list.answer(answer)
    await failed()
    expect(await context.state()).toMatchObject({ domains: 1, emails: 1, is_stale: false })
    expect(before).toMatchObject({ domains: 1, emails: 1 })
    expect(await context.codeFor(key)).toBe('valid')
    expect(context.list.requests.filter(({ path }) => path === '/elsewhere')).toEqual([])
    const line = JSON.parse(context.failures().at(-1) ?? '{}')
    expect(line).toMatchObject({ level: 50, cause: expect.stringContaining('provider_error') })
    expect(context.gateway.log.join('')).not.toContain(listToken)
  })

  test('who is not on the last good copy stays out all the while', async () => {
    const otto = person('otto', { email: 'otto@other.test', hd: 'other.test' })
    expect(await context.refusalOf(otto)).toBe('domain_not_allowed')
  })
})

describe('entries that cannot be read', () => {
  test('are left out and reported without their text; the others count', async () => {
    const domains = ['example.com', '*.corp.com', 'com', '1.2', '', 7, null, ['a.com'], 'a@b.com', 'okta:']
    const emails = ['grace@partner.test', '*@corp.com', 'secret-name', 'a@b@c.com', {}, 'adа@corp.com']
    const context = await startAllowlist({ body: { domains, emails } })
    try {
      await context.taken()
      expect(await context.state()).toMatchObject({ domains: 1, emails: 1 })
      await context.keyOf(person('ada'))
      const reports = context.gateway.log.filter((line) => line.includes('cannot be read'))
      expect(reports.some((line) => line.includes('9 of the domains'))).toBe(true)
      expect(reports.some((line) => line.includes('5 of the emails'))).toBe(true)
      expect(context.gateway.log.join('')).not.toContain('secret-name')
      expect(context.failures()).toEqual([])
    } finally {
      await context.close()
    }
  })

  test('that name one twice make one rule, and a list of forty thousand is taken', async () => {
    const emails = Array.from({ length: 40_000 }, (_, index) => `person.number${index}@example.com`)
    const twice = ['Ada@Example.com', 'ada@example.com', ' google:ada@example.com ']
    const context = await startAllowlist({ body: { domains: [], emails: [...twice, ...emails] } })
    try {
      await context.taken()
      expect(await context.state()).toMatchObject({ domains: 0, emails: 40_001 })
      await context.keyOf(person('ada'))
      await context.keyOf(person('last', { email: 'person.number39999@example.com', hd: undefined }))
    } finally {
      await context.close()
    }
  })
})
