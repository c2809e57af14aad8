import { describe, expect, it } from 'vitest'
import { ChooseOwnerPage } from '../../templates/console/choose-owner-page.tsx'
import { KeysPage, type KeysPageProps } from '../../templates/console/keys-page.tsx'
import { MadeKeyPage, type MadeKeyPageProps } from '../../templates/console/made-key-page.tsx'
import { NewKeyPage } from '../../templates/console/new-key-page.tsx'
import { OneKeyPage, type OneKeyPageProps } from '../../templates/console/one-key-page.tsx'
import { RevokeKeysPage } from '../../templates/console/revoke-keys-page.tsx'
import { renderPage } from '../../templates/layout.tsx'
import { ASSETS, HOSTILE, KEY_ID, KEY_TEXT } from './page-examples.tsx'

const now = new Date('2026-11-21T12:00:00Z')
const earlier = new Date('2026-11-18T12:00:00Z')
const later = new Date('2026-12-21T12:00:00Z')
const otherId = 'Bx81cVb7Qm2L'
const agent = 'cron/2'

/** Each page with these words in every place that somebody else writes. */
function pagesWith(text: string) {
  const frame = {
    assets: ASSETS,
    requestId: 'req_1',
    token: 't.t',
    now,
    notice: { kind: 'done' as const, text },
  }
  const owner = { id: 'usr_1', kind: 'service', name: text, email: text, status: 'active' }
  const whose = { owner, responsible: { id: 'usr_2', name: text, email: null } }
  const apiKey = {
    id: KEY_ID,
    name: text,
    status: 'active',
    scopes: [text],
    metadata: { [text]: text },
    rateLimit: { limit: 10, window_seconds: 90 },
    allowedAddresses: [text],
    createdThrough: 'admin',
    createdBy: 'user:usr_2',
    createdAt: earlier,
    expiresAt: later,
    lastUsedAt: earlier,
    lastAddress: '192.0.2.1',
    lastUserAgent: text,
    requestCount: 1234,
    revokedAt: null,
    revokedReason: text,
    retiresAt: later,
    quietSeconds: 86_400,
  }
  const ownScopes = [{ scope: 'keydesk:admin', opens: 'Everything.', isForAdmins: true }]
  const values = {
    name: text,
    scopes: text,
    metadata: text,
    allowed_addresses: text,
    version: '3',
    expires: 'keep',
  }
  const other = { ...apiKey, id: otherId, lastUserAgent: agent }
  const one = {
    frame,
    ...whose,
    apiKey,
    deadScopes: [text],
    refusals: [{ at: earlier, reason: 'expired_key', address: null, userAgent: text }],
    predecessor: null,
    heir: null,
    values,
    ownScopes,
    once: 'abc',
  } satisfies OneKeyPageProps
  const list = {
    frame,
    keys: Array.from({ length: 20 }, () => ({ ...apiKey, ...whose })),
    query: { search: text },
    next: text,
    filter: { search: text },
  } satisfies KeysPageProps
  const made = { frame, ...whose, apiKey, keyText: KEY_TEXT, retiring: null } satisfies MadeKeyPageProps
  return {
    list: KeysPage(list),
    empty: KeysPage({ ...list, keys: [], next: null, filter: null }),
    one: OneKeyPage(one),
    retiring: OneKeyPage({ ...one, apiKey: { ...apiKey, status: 'retiring' }, heir: other }),
    orphaned: OneKeyPage({ ...one, apiKey: { ...apiKey, status: 'retiring' } }),
    successor: OneKeyPage({ ...one, predecessor: { ...other, status: 'retiring' } }),
    revoked: OneKeyPage({ ...one, apiKey: { ...apiKey, status: 'revoked', revokedAt: earlier } }),
    new: NewKeyPage({ frame, ...whose, scopeLimit: [text], values, ownScopes, once: 'abc' }),
    choose: ChooseOwnerPage({ frame, search: text, owners: [whose], hasMore: true }),
    revoke: RevokeKeysPage({
      frame,
      count: 3,
      filter: { search: text },
      ids: [],
      keys: [{ ...apiKey, ...whose }],
    }),
    made: MadeKeyPage({ ...made, retiring: { id: otherId, retiresAt: later } }),
    again: MadeKeyPage({ ...made, keyText: null }),
  }
}

const pages = Object.entries(pagesWith('plain')).map(([name, page]) => [name, renderPage(page)] as const)
const page = (name: string) => pages.find(([other]) => other === name)?.[1] ?? ''

describe('the key pages of the console', () => {
  it.each(pages)(
    '%s is a whole document under 30 KB, with one heading and at most one main button',
    (_, html) => {
      expect(html).toMatch(/^<!doctype html><html lang="en">.*<\/html>$/s)
      expect(html.match(/<h1>/g)).toHaveLength(1)
      expect(html.match(/class="button main"/g)?.length ?? 0).toBeLessThanOrEqual(1)
      expect(Buffer.byteLength(html)).toBeLessThan(30_000)
      expect(html).not.toMatch(/<style|\sstyle\s*=|\son[a-z]+\s*=|javascript:/i)
    },
  )

  it.each(Object.entries(pagesWith(HOSTILE)).map(([name, html]) => [name, renderPage(html)] as const))(
    '%s shows hostile text as text wherever it stands',
    (_, html) => {
      expect(html).not.toMatch(/<script>|<img|<!--/i)
      expect(html).toContain('&lt;script&gt;')
      // With their values gone, tags have names of attributes alone.
      expect(html.replaceAll(/="[^"]*"/g, '')).not.toMatch(/<[a-z][^>]*\s(onfocus|autofocus|onerror)/i)
    },
  )

  it.each(pages)('each form of %s posts with the token, or asks for a list', (_, html) => {
    for (const [, tag = '', inside = ''] of html.matchAll(/<form\b([^>]*)>(.*?)<\/form>/gs)) {
      if (tag.includes('/auth/logout')) continue
      if (tag.includes('method="get"')) expect(inside).not.toContain('csrf_token')
      else expect(inside).toContain('<input type="hidden" name="csrf_token" value="t.t"')
    }
  })

  it.each(pages)('every field of %s has a label, and no two the same id', (_, html) => {
    const ids = [...html.matchAll(/\sid="([^"]+)"/g)].map(([, id]) => id)
    expect(ids).toEqual([...new Set(ids)])
    for (const [, tag = ''] of html.matchAll(/<(?:input|select|textarea)\b([^>]*)>/g)) {
      if (tag.includes('type="hidden"') || tag.includes('aria-label=')) continue
      const id = /\sid="([^"]+)"/.exec(tag)?.[1]
      if (id !== undefined) expect(html).toContain(`<label for="${id}"`)
    }
  })

  it('only the page that shows a key text holds one, which is blanked when it is left', () => {
    for (const [name, html] of pages) {
      expect(html.split(KEY_TEXT).length - 1, name).toBe(name === 'made' ? 1 : 0)
      expect(html.includes('data-secret'), name).toBe(name === 'made')
    }
    expect(page('made')).toContain(`data-clear-address="/console/keys/${KEY_ID}"`)
    expect(page('again')).toContain('no second key was made')
  })

  it('a key says who still uses the one that it replaces, or what replaces it, and until when', () => {
    for (const name of ['retiring', 'successor']) {
      expect(page(name)).toContain(`href="/console/keys/${otherId}"`)
      expect(page(name)).toContain(agent)
      expect(page(name)).toContain('at the latest')
    }
    expect(page('retiring')).toContain(`action="/console/keys/${KEY_ID}/retire"`)
    expect(page('retiring')).not.toContain('/rotate"')
    expect(page('orphaned')).toContain('/rotate"')
    expect(page('orphaned')).not.toContain('/retire"')
  })

  it('nothing can be done with a revoked key, and its reason stands there', () => {
    expect(page('revoked')).not.toMatch(/<form method="post" action="\/console/)
    expect(page('revoked')).toContain('Revoked')
  })

  it('a limit is in whole words', () => {
    expect(page('one')).toContain('10 in 90 seconds')
    expect(page('one')).toContain('<option value="60"')
    expect(page('one')).toContain('1,234 requests')
  })
})
