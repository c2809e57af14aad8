import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type Attacked, startAttackedGateway } from '../../support/attack.ts'
import { sendRaw } from '../../support/raw-request.ts'
import { type SignedInBrowser, signInWrongForSession, stateAt } from '../../support/signed-in.ts'

/** What `trim` takes for nothing, and a browser for the first letter of a name that anybody may set for the whole domain. */
const planted: [string, Buffer][] = [
  ['U+00A0 as the byte A0', Buffer.from([0xa0])],
  ['U+00A0 in UTF-8', Buffer.from('\u00a0')],
  ['U+0085 as the byte 85', Buffer.from([0x85])],
  ['U+2000 in UTF-8', Buffer.from('\u2000')],
  ['U+FEFF in UTF-8', Buffer.from('\ufeff')],
  ['U+00A0 behind a blank', Buffer.from([0x20, 0xa0])],
  ['U+00A0 before a blank', Buffer.from([0xa0, 0x20])],
]

describe('a cookie that a sibling subdomain has planted under a name that only looks like ours', () => {
  let context: Attacked
  let victim: SignedInBrowser
  let attacker: SignedInBrowser
  beforeAll(async () => {
    context = await startAttackedGateway({ AUTH_RATE_LIMIT: 'off', FAILURE_RATE_LIMIT: 'off' })
  })
  beforeEach(async () => {
    context.wrong.reset()
    victim = await signInWrongForSession(context)
    Object.assign(context.wrong.account, { sub: 'mallory', email: 'mallory@example.com' })
    attacker = await signInWrongForSession(context)
  })
  afterAll(() => context.close())

  const cookie = (before: Buffer, value: string) =>
    Buffer.concat([before, Buffer.from(`__Host-keydesk=${value}`)])
  const own = () => `__Host-keydesk=${victim.secret}`

  async function send(path: string, header: Buffer, method = 'GET') {
    const headers = [['Cookie', header] as const, ['Sec-Fetch-Site', 'same-origin'] as const]
    const answer = await sendRaw(context.gateway.url, { method, path, headers })
    if (answer === null) throw new Error('no answer')
    return answer
  }

  test.each(planted)('%s: by itself it signs nobody in', async (_, before) => {
    const { status, body } = await send('/auth/session', cookie(before, attacker.secret))
    expect(status).toBe(401)
    expect(body).not.toContain('mallory')
  })

  test.each(planted)('%s: beside the right one, on either side, the right one counts', async (_, before) => {
    const plant = cookie(before, attacker.secret)
    const sides = [
      Buffer.concat([plant, Buffer.from('; '), Buffer.from(own())]),
      Buffer.concat([Buffer.from(`${own()}; `), plant]),
      Buffer.concat([Buffer.from(`${own()};`), plant]),
    ]
    for (const header of sides) {
      const { status, body } = await send('/auth/session', header)
      expect(status).toBe(200)
      expect(JSON.parse(body).user.email).toBe('wanda@example.com')
    }
  })

  test.each(planted)('%s: it signs nobody out, here or everywhere', async (_, before) => {
    const header = cookie(before, victim.secret)
    for (const path of ['/auth/logout', '/auth/logout/everywhere'])
      expect((await send(path, header, 'POST')).status).toBe(204)
    expect((await stateAt(context.gateway, victim.secret)).status).toBe(200)
  })

  test('blanks and tabs, which a browser strips too, are no part of the name', async () => {
    for (const before of [' ', '\t', ' \t ', 'a=b; ', 'a=b;\t']) {
      const { status } = await send('/auth/session', cookie(Buffer.from(before), victim.secret))
      expect(status, JSON.stringify(before)).toBe(200)
    }
  })
})
