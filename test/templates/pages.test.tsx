import { describe, expect, it } from 'vitest'
import { KEY_ID, KEY_TEXT, ordinary, show } from './page-examples.tsx'

describe('the key page', () => {
  const html = show.key()

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
    const dated = show.key({ apiKey: { ...ordinary.key.apiKey, expiresAt } })
    expect(dated).toMatch(/datetime="2027-02-01T08:30:15.250Z" title="2027-02-01 08:30:15 UTC">in \d+ days</)
    expect(dated).not.toContain('Never expires')
  })

  it('shows only the address of an owner without a name', () => {
    const nameless = show.key({ owner: { name: null, email: 'ci@example.com' } })
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
    const html = show.problem()
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
    expect(show.problem()).not.toContain('data-clear-address')
    expect(show.problem({ clearAddress: '/' })).toContain('data-clear-address="/"')
  })
})

describe('the problem page that says whom to ask', () => {
  it.each([
    ['an address', 'it@example.com', '<a href="mailto:it@example.com">it@example.com</a>'],
    [
      'a link',
      'https://help.example.com/x',
      '<a href="https://help.example.com/x">https://help.example.com/x</a>',
    ],
    ['plain words', 'the IT desk', '<strong>the IT desk</strong>'],
    ['two addresses', 'a@x.test, b@x.test', '<strong>a@x.test, b@x.test</strong>'],
    ['a script', 'javascript:alert(1)', '<strong>javascript:alert(1)</strong>'],
    ['an address with headers', 'a@x.test?bcc=b@x.test', '<strong>a@x.test?bcc=b@x.test</strong>'],
  ])('shows %s as what it is', (_, contact, expected) => {
    expect(show.problem({ contact })).toContain(`Whom to ask: ${expected}</p>`)
  })

  it('says nothing of it where nobody was named', () => {
    expect(show.problem()).not.toContain('Whom to ask')
  })
})

describe('the front page', () => {
  it('has one main action, and says who may come in', () => {
    const html = show.front()
    expect(html.match(/class="button main"/g)).toHaveLength(1)
    expect(html).toContain('href="/auth/login">Sign in with Google</a>')
    expect(html).toContain('Anyone at example.com.')
  })

  it('offers no sign-in where there is none', () => {
    const html = show.front({ choices: [] })
    expect(html).toContain('Sign-in is off here')
    expect(html).toContain('An administrator can mint a key for you.')
    expect(html).not.toContain('/auth/login')
  })

  it('offers several ways in, of which none is the main one', () => {
    const html = show.front({ choices: ordinary.signIn.choices })
    expect(html).not.toContain('class="button main"')
    expect(html.match(/<li><a class="button"/g)).toHaveLength(2)
  })

  it('tells whoever is signed in who they are, with a key as the main action, and not who else may come in', () => {
    const html = show.front({ signedIn: { name: 'Ada Lovelace', email: 'ada@example.com' } })
    for (const text of ['Ada Lovelace', 'ada@example.com', 'href="/account"']) expect(html).toContain(text)
    expect(html.match(/class="button main" href="([^"]*)"/)?.[1]).toBe('/auth/login')
    expect(html).not.toContain('Anyone at example.com.')
    const off = show.front({ signedIn: { name: null, email: 'ada@example.com' }, choices: [] })
    expect(off).not.toContain('/auth/login')
  })
})

describe('the sign-in page', () => {
  it.each([
    ['a key', 'key', 'You leave with an API key of your own'],
    ['the desk itself', 'desk', 'You sign in to Keydesk itself. No key is made.'],
    ['another site', { host: 'app.example.com' }, 'you go on to <strong>app.example.com</strong>'],
  ] as const)('says that the sign-in is for %s', (_, purpose, expected) => {
    expect(show.signIn({ purpose })).toContain(expected)
  })
})

describe('the onward page', () => {
  it('sends the browser on by itself, and has a link for one that does not go', () => {
    const html = show.onward({ url: 'https://idp.test/authorize?a=1&b=2' })
    expect(html).toContain(
      '<meta http-equiv="refresh" content="0; url=https://idp.test/authorize?a=1&amp;b=2"',
    )
    expect(html).toContain('href="https://idp.test/authorize?a=1&amp;b=2"')
  })
})

function decode(text: string): string {
  return text
    .replaceAll('&#39;', "'")
    .replaceAll('&quot;', '"')
    .replaceAll('&lt;', '<')
    .replaceAll('&amp;', '&')
}
