import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { FrontPage } from '../../templates/front-page.tsx'
import { KeyPage, type KeyPageProps } from '../../templates/key-page.tsx'
import { linkTarget, renderPage } from '../../templates/layout.tsx'
import { ProblemPage } from '../../templates/problem-page.tsx'

const ASSETS = { css: '/assets/keydesk.css', js: '/assets/keydesk.js' }
const KEY_ID = '7Fq2LmX9aZt4'
const KEY_TEXT = `kd_${KEY_ID}_Vb8nQ3rT6yU1iO5pA7sD0fG2hJ4kL6zX8cV9bN1mQwE9f3c2b1a7e5d4c6b`

/** Breaks out of text, of both kinds of attribute, of a script and of a comment, if anything lets it. */
const HOSTILE = `</title></code><script>alert(1)</script><img src=x onerror="alert(2)">' onfocus='x" autofocus="--><!--&`

describe('every page', () => {
  it.each(Object.entries(plainPages()))(
    '%s holds no inline style, no script text and no on* attribute',
    (_, html) => {
      expect(html).not.toMatch(/<style|\sstyle\s*=|\son[a-z]+\s*=|javascript:|data:/i)
      for (const script of html.matchAll(/<script([^>]*)>(.*?)<\/script>/gis)) {
        expect(script[1]).toContain(`src="${ASSETS.js}"`)
        expect(script[2]).toBe('')
      }
    },
  )

  it.each(Object.entries(plainPages()))(
    '%s asks nobody else for anything and links to nobody else',
    (_, html) => {
      for (const [, target] of html.matchAll(/\s(?:href|src|srcset|action|poster)="([^"]*)"/gi)) {
        expect(target).toMatch(/^(\/(?!\/)|#)/)
      }
    },
  )

  it.each(Object.entries(plainPages()))(
    '%s is a whole English document under 30 KB, kept from search engines',
    (_, html) => {
      expect(html).toMatch(/^<!doctype html><html lang="en">/)
      expect(html).toMatch(/<\/html>$/)
      expect(html).toContain('<meta name="robots" content="noindex"')
      expect(html.match(/<h1>/g)).toHaveLength(1)
      expect(html.match(/<main/g)).toHaveLength(1)
      expect(html).toContain('href="#main"')
      expect(Buffer.byteLength(html)).toBeLessThan(30_000)
    },
  )

  it.each(Object.entries(hostilePages()))('%s shows hostile text in any prop as text', (_, html) => {
    expect(html).not.toMatch(/<script>|<img|<!--/i)
    expect(html).toContain('&lt;script&gt;alert(1)&lt;/script&gt;')
    expect(attributesOf(html)).not.toContainEqual(expect.stringMatching(/^(on|autofocus|style)/))
  })

  it('a link leads to a path of ours or a web address, never to a script or to a host in disguise', () => {
    for (const href of [
      '/',
      '/auth/login?provider=google',
      'https://app.example.com/x',
      'http://localhost:3000/',
    ]) {
      expect(linkTarget(href)).toBe(href)
    }
    for (const href of [
      'javascript:alert(1)',
      'data:text/html,x',
      '//evil.example',
      '/\\evil.example',
      '/\t/evil',
      '',
    ]) {
      expect(linkTarget(href)).toBe('/')
    }
    const bad = { href: 'javascript:alert(1)', label: 'Go' }
    const shared = { assets: ASSETS, requestId: 'req_1' }
    const words = { status: 400, code: 'c', title: 't', whatHappened: 'h', whatToDo: 'd' }
    for (const page of [
      <KeyPage {...keyPageProps()} afterUrl={bad.href} />,
      <ProblemPage {...shared} {...words} action={bad} />,
      <FrontPage {...shared} choices={[bad]} signedIn={null} whoMaySignIn="w" />,
    ]) {
      expect(renderPage(page)).not.toContain('javascript:')
    }
  })
})

describe('the key page', () => {
  const html = renderPage(<KeyPage {...keyPageProps()} />)

  it('shows the key in its field, in the curl and in the .env line, and nowhere else', () => {
    const holders = [...html.matchAll(/<(output|code)[^>]*id="([^"]+)"[^>]*data-holds-key=""[^>]*>([^<]*)</g)]
    const texts = Object.fromEntries(holders.map(([, , id, text]) => [id, decode(text ?? '')]))
    expect(texts).toEqual({
      'key-text': KEY_TEXT,
      'curl-line': `curl -H 'X-API-Key: ${KEY_TEXT}' https://keys.example.com/v1/validate`,
      'env-line': `KEYDESK_API_KEY=${KEY_TEXT}`,
    })
    expect(html.split(KEY_TEXT)).toHaveLength(4)
  })

  it('labels the key field, lets the keyboard reach it, and says that it is shown once', () => {
    expect(html).toMatch(/<label[^>]* for="key-text"/)
    expect(html).toMatch(/<output[^>]*tabindex="0"/)
    expect(html).toContain('This key will not be shown again. Copy it now.')
  })

  it('names key, owner, key id and expiry', () => {
    for (const text of [
      '>sso<',
      'Ada Lovelace',
      'ada@example.com',
      `>${KEY_ID}<`,
      'Never expires',
      'reports:read',
    ]) {
      expect(html).toContain(text)
    }
    const expiresAt = new Date('2027-02-01T08:30:15.250Z')
    const dated = renderPage(<KeyPage {...keyPageProps()} apiKey={{ ...keyPageProps().apiKey, expiresAt }} />)
    expect(dated).toContain(
      'datetime="2027-02-01T08:30:15.250Z" title="2027-02-01T08:30:15.250Z">1 February 2027, ',
    )
    expect(dated).toContain('08:30 UTC')
    expect(dated).not.toContain('Never expires')
  })

  it('shows only the address of an owner without a name', () => {
    const nameless = renderPage(
      <KeyPage {...keyPageProps()} owner={{ name: null, email: 'ci@example.com' }} />,
    )
    expect(nameless).toContain('<dd><span class="line">ci@example.com</span></dd>')
  })

  it('hides every copy button until the script reveals it, and each names what exists', () => {
    const buttons = [...html.matchAll(/<button[^>]*>/g)].map(([tag]) => tag)
    expect(buttons).toHaveLength(3)
    for (const tag of buttons) {
      expect(tag).toContain(' hidden=""')
      expect(html).toContain(`id="${/data-copy="#([^"]+)"/.exec(tag)?.[1]}"`)
    }
  })

  it('asks the script to take the code out of the address and to blank the key when left', () => {
    expect(html).toMatch(/<main[^>]* data-clear-address="\/"[^>]* data-secret="true"/)
  })
})

describe('the problem page', () => {
  it('says what happened, what to do, and the request id to pass on', () => {
    const html = plainPages()['the problem page']
    for (const text of [
      'Too slow',
      'It expired.',
      'Start over.',
      'href="/auth/login"',
      'Give this id to whoever runs',
    ]) {
      expect(html).toContain(text)
    }
    expect(html).toContain('<code id="request-id">req_1</code>')
    expect(html).toContain('<code>400 state_expired</code>')
  })

  it('leaves the address alone unless it is told to clear it', () => {
    expect(plainPages()['the problem page']).not.toContain('data-clear-address')
    expect(plainPages()['the problem page on the callback']).toContain('data-clear-address="/"')
  })
})

describe('the front page', () => {
  it('has one main action, and says who may come in', () => {
    const html = plainPages()['the front page']
    expect(html.match(/class="button main"/g)).toHaveLength(1)
    expect(html).toContain('href="/auth/login">Sign in with Google</a>')
    expect(html).toContain('Anyone at example.com.')
  })

  it('offers no sign-in where there is none', () => {
    const html = plainPages()['the front page without sign-in']
    expect(html).toContain('Sign-in is off here')
    expect(html).toContain('An administrator can mint a key for you.')
    expect(html).not.toContain('/auth/login')
  })
})

describe('the assets', () => {
  const read = (name: string) =>
    readFileSync(new URL(`../../templates/assets/${name}`, import.meta.url), 'utf8')

  it('the style sheet is under 10 KB and loads nothing', () => {
    expect(Buffer.byteLength(read('keydesk.css'))).toBeLessThan(10_000)
    expect(read('keydesk.css')).not.toMatch(/url\(|@import|@font-face/)
  })

  it('the script is small, talks to nobody and builds no markup from text', () => {
    expect(Buffer.byteLength(read('keydesk.js'))).toBeLessThan(5_000)
    expect(read('keydesk.js')).not.toMatch(
      /fetch\(|XMLHttp|sendBeacon|import\b|innerHTML|eval\(|https?:|Storage\b/,
    )
  })

  it('the icon is plain shapes', () => {
    expect(read('favicon.svg')).not.toMatch(/<script|<style|style=|href|\son/)
  })
})

function keyPageProps(): KeyPageProps {
  return {
    assets: ASSETS,
    requestId: 'req_1',
    keyText: KEY_TEXT,
    apiKey: {
      id: KEY_ID,
      name: 'sso',
      scopes: ['reports:read'],
      expiresAt: null,
      createdAt: new Date('2026-11-21T02:37:11.123Z'),
    },
    owner: { name: 'Ada Lovelace', email: 'ada@example.com' },
    baseUrl: 'https://keys.example.com',
    envVariable: 'KEYDESK_API_KEY',
    afterUrl: '/',
  }
}

function plainPages() {
  const shared = { assets: ASSETS, requestId: 'req_1' }
  const problem = {
    ...shared,
    status: 400,
    code: 'state_expired',
    title: 'Too slow',
    whatHappened: 'It expired.',
    whatToDo: 'Start over.',
    action: { href: '/auth/login', label: 'Start again' },
  }
  const signIn = { href: '/auth/login', label: 'Sign in with Google' }
  return {
    'the key page': renderPage(<KeyPage {...keyPageProps()} />),
    'the problem page': renderPage(<ProblemPage {...problem} />),
    'the problem page on the callback': renderPage(<ProblemPage {...problem} clearAddress="/" />),
    'the front page': renderPage(
      <FrontPage {...shared} choices={[signIn]} signedIn={null} whoMaySignIn="Anyone at example.com." />,
    ),
    'the front page without sign-in': renderPage(
      <FrontPage {...shared} choices={[]} signedIn={null} whoMaySignIn="Nobody." />,
    ),
  }
}

/** Each text prop of each page, hostile in its turn. */
function hostilePages(): Record<string, string> {
  const H = HOSTILE
  const key = keyPageProps()
  const at = { assets: ASSETS, requestId: 'req_1' }
  const problem = { ...at, status: 400, code: 'c', title: 't', whatHappened: 'h', whatToDo: 'd' }
  const front = { ...at, choices: [{ href: '/', label: 'l' }], whoMaySignIn: 'w', signedIn: null }
  const keyCases: Record<string, Partial<KeyPageProps>> = {
    requestId: { requestId: H },
    keyText: { keyText: H },
    'apiKey.id': { apiKey: { ...key.apiKey, id: H } },
    'apiKey.name': { apiKey: { ...key.apiKey, name: H } },
    'apiKey.scopes': { apiKey: { ...key.apiKey, scopes: [H] } },
    'owner.name': { owner: { ...key.owner, name: H } },
    'owner.email': { owner: { ...key.owner, email: H } },
    baseUrl: { baseUrl: H },
    envVariable: { envVariable: H },
    'assets.css': { assets: { ...ASSETS, css: H } },
    'assets.js': { assets: { ...ASSETS, js: H } },
  }
  const problemCases = ['requestId', 'code', 'title', 'whatHappened', 'whatToDo', 'clearAddress']
  return {
    ...Object.fromEntries(
      Object.entries(keyCases).map(([prop, change]) => [
        `the key page (${prop})`,
        renderPage(<KeyPage {...key} {...change} />),
      ]),
    ),
    ...Object.fromEntries(
      problemCases.map((prop) => [
        `the problem page (${prop})`,
        renderPage(<ProblemPage {...problem} {...{ [prop]: H }} />),
      ]),
    ),
    'the problem page (action)': renderPage(<ProblemPage {...problem} action={{ href: H, label: H }} />),
    'the front page (requestId)': renderPage(<FrontPage {...front} requestId={H} />),
    'the front page (choices)': renderPage(<FrontPage {...front} choices={[{ href: H, label: H }]} />),
    'the front page (whoMaySignIn)': renderPage(<FrontPage {...front} whoMaySignIn={H} />),
  }
}

/** The names of all attributes, read from tags only, so that escaped text does not count. */
function attributesOf(html: string): string[] {
  const tags = html.match(/<[a-z][^>]*>/gi) ?? []
  return tags.flatMap((tag) => [...tag.matchAll(/\s([a-z-]+)(?:="[^"]*")?/gi)].map(([, name]) => name ?? ''))
}

function decode(text: string): string {
  return text
    .replaceAll('&#39;', "'")
    .replaceAll('&quot;', '"')
    .replaceAll('&lt;', '<')
    .replaceAll('&amp;', '&')
}
