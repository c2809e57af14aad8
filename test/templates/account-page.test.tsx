import { describe, expect, it } from 'vitest'
import { describeUserAgent } from '../../templates/describe-user-agent.ts'
import { ordinary, show } from './page-examples.tsx'

describe('the account page', () => {
  it('names the person, the role, the groups and the user id', () => {
    const html = show.account()
    for (const text of ['Ada Lovelace', 'ada@example.com', 'Member', '>ops<', '>usr_1<'])
      expect(html).toContain(text)
    const admin = show.account({ user: { ...ordinary.account.user, role: 'admin', groups: [] } })
    expect(admin).toContain('Administrator')
    expect(admin).not.toContain('Groups')
  })

  it('has a button for each provider that can be added, in one form that holds nothing else', () => {
    const linkable = ['gitlab', 'keycloak'].map((id) => ({ id, label: id.toUpperCase() }))
    const form = /<form[^>]*action="\/account\/identities".*?<\/form>/.exec(show.account({ linkable }))?.[0]
    expect(form?.match(/<button type="submit"[^>]*>[^<]*/g)).toEqual([
      '<button type="submit" class="button" name="provider" value="gitlab">Add GITLAB',
      '<button type="submit" class="button" name="provider" value="keycloak">Add KEYCLOAK',
    ])
    expect(form).not.toContain('<input')
    expect(show.account({ linkable: [] })).not.toContain('/account/identities')
  })

  it('marks the browser in front of it, and shows each session with its times, exact on hover', () => {
    const [session] = ordinary.account.sessions
    const html = show.account({ sessions: [session!, { ...session!, isThis: false, userAgent: null }] })
    expect(html.match(/This browser/g)).toHaveLength(1)
    expect(html).toContain('Unknown browser')
    expect(html).toContain('title="2026-11-21T02:37:11.123Z">21 November 2026, ')
    expect(html).toContain('192.0.2.7')
  })

  it('is loaded anew when somebody comes back to it', () => {
    expect(show.account()).toMatch(/<main[^>]* data-secret="true"/)
  })

  it('offers no key where nobody can sign in', () => {
    expect(show.account()).toContain('Get a new key')
    expect(show.account({ canGetKey: false })).not.toContain('Get a new key')
  })

  it('stays under 30 KB with twenty groups and a hundred sessions, and still shows the one in front of it', () => {
    const groups = Array.from({ length: 20 }, (_, n) => `group-${n}`)
    const [session] = ordinary.account.sessions
    const sessions = Array.from({ length: 100 }, (_, n) => ({
      ...session!,
      isThis: n === 99,
      userAgent: 'x'.repeat(400),
    }))
    const html = show.account({ user: { ...ordinary.account.user, groups }, sessions })
    expect(Buffer.byteLength(html)).toBeLessThan(30_000)
    expect(html).toContain('This browser')
    expect(html).toContain('And 80 more.')
  })
})

describe('a user agent', () => {
  const apple = 'AppleWebKit/537.36 (KHTML, like Gecko)'
  it.each([
    ['Firefox on Linux', 'Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0'],
    ['Chrome on Windows', `Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${apple} Chrome/143.0 Safari/537.36`],
    ['Edge on Windows', `Mozilla/5.0 (Windows NT 10.0) ${apple} Chrome/143.0 Safari/537.36 Edg/143.0`],
    ['Opera on macOS', `Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) ${apple} Chrome/1 Safari/1 OPR/1`],
    ['Safari on macOS', `Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) ${apple} Version/26.0 Safari/605`],
    [
      'Safari on an iPhone',
      `Mozilla/5.0 (iPhone; CPU iPhone OS 18_6) ${apple} Version/26.0 Mobile/1 Safari/6`,
    ],
    ['Chrome on an iPad', `Mozilla/5.0 (iPad; CPU OS 18_6) ${apple} CriOS/143.0 Mobile/15E148 Safari/604.1`],
    ['Chrome on Android', `Mozilla/5.0 (Linux; Android 10; K) ${apple} Chrome/143.0 Mobile Safari/537.36`],
    ['Chrome on ChromeOS', `Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) ${apple} Chrome/143.0 Safari/537.36`],
  ])('is read as %s', (words, text) => {
    expect(describeUserAgent(text)).toBe(words)
  })

  it.each(['curl/8.5.0', 'Mozilla/5.0 (compatible; Bot/1.0)', 'Chrome/143.0 on Linux', ''])(
    'that names no browser and system stays as it is: %j',
    (text) => {
      expect(describeUserAgent(text)).toBe(text)
    },
  )
})
