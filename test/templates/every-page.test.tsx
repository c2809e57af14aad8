import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { withoutBlanks } from '../../src/http/assets.ts'
import { linkTarget } from '../../templates/layout.tsx'
import { plainAccountPages } from './account-examples.tsx'
import { ASSETS, hostilePages, plainPages, show } from './page-examples.tsx'

describe('every page', () => {
  it.each(Object.entries(plainPages))(
    '%s holds no inline style, no script text and no on* attribute',
    (_, html) => {
      expect(html).not.toMatch(/<style|\sstyle\s*=|\son[a-z]+\s*=|javascript:|data:/i)
      for (const script of html.matchAll(/<script([^>]*)>(.*?)<\/script>/gis)) {
        expect(script[1]).toContain(`src="${ASSETS.js}"`)
        expect(script[2]).toBe('')
      }
    },
  )

  it.each(Object.entries(plainPages))(
    '%s asks nobody else for anything and links to nobody else',
    (_, html) => {
      for (const [, target] of html.matchAll(/\s(?:href|src|srcset|action|poster)="([^"]*)"/gi)) {
        expect(target).toMatch(/^(\/(?!\/)|#)/)
      }
    },
  )

  it.each(Object.entries(plainPages))(
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
    expect(html).toMatch(/&lt;script&gt;alert\(1\)&lt;\/?script&gt;/)
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
    for (const html of [
      show.key({ afterUrl: bad.href }),
      show.problem({ action: bad }),
      show.front({ choices: [bad] }),
      show.signIn({ choices: [bad] }),
      show.onward({ url: bad.href }),
    ]) {
      expect(html).not.toContain('javascript:')
    }
  })

  it('a page of somebody who is signed in lets them sign out, and no other page does', () => {
    const signedIn = Object.entries(plainPages).filter(([, html]) => html.includes('action="/auth/logout"'))
    expect(signedIn.map(([name]) => name)).toEqual([
      'the problem page of a session',
      'the front page of somebody',
      'the account page',
      'the account page with a key that was found',
      ...Object.keys(plainAccountPages),
      'the onward page',
    ])
    // Under no-referrer a form says `Origin: null`, and is refused as another site's.
    for (const [name, html] of Object.entries(plainPages)) {
      const policy = signedIn.some(([other]) => other === name) ? 'same-origin' : 'no-referrer'
      expect(html).toContain(`<meta name="referrer" content="${policy}"`)
    }
  })
})

describe('the assets', () => {
  const read = (name: string) =>
    readFileSync(new URL(`../../templates/assets/${name}`, import.meta.url), 'utf8')

  it('the style sheet is under 10 KB and loads nothing', () => {
    const served = withoutBlanks(read('keydesk.css'))
    expect(Buffer.byteLength(served)).toBeLessThan(10_000)
    // Shortened, it says the same: every declaration is still there.
    expect(served.match(/:/g)?.length).toBe(
      read('keydesk.css')
        .replace(/\/\*.*?\*\//gs, '')
        .match(/:/g)?.length,
    )
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

/** The names of all attributes, read from tags only, so that escaped text does not count. */
function attributesOf(html: string): string[] {
  const tags = html.match(/<[a-z][^>]*>/gi) ?? []
  return tags.flatMap((tag) => [...tag.matchAll(/\s([a-z-]+)(?:="[^"]*")?/gi)].map(([, name]) => name ?? ''))
}
