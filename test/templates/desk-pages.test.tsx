import { describe, expect, it } from 'vitest'
import { AccessRulesPage, type AccessRulesPageProps } from '../../templates/console/access-rules-page.tsx'
import { AuditPage, type AuditPageProps } from '../../templates/console/audit-page.tsx'
import { HourChart } from '../../templates/console/hour-chart.tsx'
import { OverviewPage, type OverviewPageProps } from '../../templates/console/overview-page.tsx'
import { RuleChangePage, type RuleChangePageProps } from '../../templates/console/rule-change-page.tsx'
import { renderPage } from '../../templates/layout.tsx'
import { ASSETS, HOSTILE, KEY_ID } from './page-examples.tsx'

const H = HOSTILE
const at = new Date('2026-11-21T02:37:11.123Z')
const frame = { assets: ASSETS, requestId: 'req_1', token: 'tok', now: at, notice: null }
const hours = Array.from({ length: 24 }, (_, n) => ({ at: new Date(at.getTime() + n * 3_600_000), count: n }))
const none = hours.map((hour) => ({ ...hour, count: 0 }))
const owner = { id: 'usr_1', label: 'Ada Lovelace' }
const ada = { kind: 'user', label: 'Ada Lovelace', id: 'usr_1' } as const

const overview: OverviewPageProps = {
  frame,
  people: 12,
  liveKeys: 34_567,
  serviceAccounts: 2,
  verifications: hours,
  refusals: hours,
  reasons: [{ reason: 'revoked_key', count: 3 }],
  hints: [{ text: 'One key is unused.', href: '/console/keys', link: 'Look' }],
  expiring: { keys: [{ id: KEY_ID, name: 'ci', owner, expiresAt: at }], moreHref: '/console/keys', now: at },
  refusedKeys: [{ keyId: KEY_ID, keyName: 'ci', owner, reason: 'revoked_key', address: '192.0.2.7', at }],
  turnedAway: [{ what: 'Sign-in', who: 'eve@evil.test', reason: 'denied', address: null, at }],
}
const rules: AccessRulesPageProps = {
  frame,
  rules: [
    {
      id: 'rul_1',
      kind: 'deny_email',
      provider: null,
      value: 'x@y.test',
      note: 'left',
      madeBy: 'Ada',
      createdAt: at,
    },
  ],
  settings: [{ kind: 'allow_domain', provider: 'Google', value: 'example.com' }],
  allowlist: { fetchedAt: at, isStale: false, domains: 1, emails: 2 },
  signUp: 'open',
  admitsAnybody: false,
  providers: [{ id: 'google', label: 'Google' }],
  typed: {},
  query: {},
  next: null,
}
const change: RuleChangePageProps = {
  frame,
  rule: { kind: 'deny_email', provider: 'Google', value: 'x@y.test' },
  change: 'add',
  action: '/console/access-rules',
  fields: { value: 'x@y.test' },
  usersCutOff: 1,
  keysCutOff: 2,
  usersLetIn: 0,
  includesCaller: false,
  cutOff: [{ id: 'usr_1', label: 'Ada', email: 'ada@example.com', activeKeys: 2 }],
}
const event: AuditPageProps['events'][number] = {
  action: 'key.revoked',
  actor: ada,
  target: { kind: 'key', label: 'ci', id: KEY_ID },
  facts: [['reason', 'left']],
  email: 'ada@example.com',
  address: '192.0.2.7',
  userAgent: 'curl/8',
  requestId: 'req_2',
  at,
}
const audit: AuditPageProps = {
  frame,
  events: [event],
  actions: ['key.revoked'],
  query: {},
  next: null,
  exportHref: '/admin/audit/export',
  verdict: null,
}

const showOverview = (props: Partial<OverviewPageProps> = {}) =>
  renderPage(<OverviewPage {...overview} {...props} />)
const showRules = (props: Partial<AccessRulesPageProps> = {}) =>
  renderPage(<AccessRulesPage {...rules} {...props} />)
const showChange = (props: Partial<RuleChangePageProps> = {}) =>
  renderPage(<RuleChangePage {...change} {...props} />)
const showAudit = (props: Partial<AuditPageProps> = {}) => renderPage(<AuditPage {...audit} {...props} />)
const withEvent = (props: Partial<typeof event>) => showAudit({ events: [{ ...event, ...props }] })
const [refused] = overview.refusedKeys
const [rule] = rules.rules

const hostile: Record<string, string> = {
  'the overview (reason)': showOverview({ reasons: [{ reason: H, count: 1 }] }),
  'the overview (hint)': showOverview({ hints: [{ text: H, href: H, link: H }] }),
  'the overview (expiring key)': showOverview({
    expiring: {
      keys: [{ id: H, name: H, owner: { id: H, label: H }, expiresAt: at }],
      moreHref: H,
      now: at,
    },
  }),
  'the overview (refused key)': showOverview({
    refusedKeys: [
      {
        ...refused,
        keyId: H,
        keyName: H,
        owner: { id: H, label: H },
        reason: H,
        address: H,
      } as NonNullable<typeof refused>,
    ],
  }),
  'the overview (turned away)': showOverview({
    turnedAway: [{ what: H, who: H, reason: H, address: H, at }],
  }),
  'the rules (rule)': showRules({
    rules: [{ ...rule, id: H, provider: H, value: H, note: H, madeBy: H } as NonNullable<typeof rule>],
  }),
  'the rules (settings)': showRules({ settings: [{ kind: 'allow_domain', provider: H, value: H }] }),
  'the rules (typed)': showRules({ typed: { kind: H, value: H, provider: H, note: H } }),
  'the rules (typed to deny)': showRules({ typed: { kind: 'deny_email', value: H, note: H } }),
  'the change (rule)': showChange({ rule: { kind: 'deny_email', provider: H, value: H } }),
  'the change (fields)': showChange({ action: H, fields: { [H]: H, value: H } }),
  'the change (people)': showChange({ cutOff: [{ id: H, label: H, email: `${H}2`, activeKeys: 1 }] }),
  'the audit (event)': withEvent({
    action: H,
    actor: { kind: 'user', label: H, id: H },
    target: { kind: 'key', label: H, id: H },
    email: `${H}2`,
  }),
  'the audit (details)': withEvent({ facts: [[H, H]], address: H, userAgent: H, requestId: H }),
  'the audit (filters)': showAudit({
    query: { action: H, actor: H, target: H, email: H, user_id: H, since: H },
    actions: [H],
    exportHref: H,
    verdict: { isIntact: false, text: H },
  }),
}

describe('the pages of the desk in the console', () => {
  it.each(Object.entries(hostile))('%s shows hostile text as text', (_, html) => {
    expect(html).not.toMatch(/<script>|<img|<!--/i)
    expect(html).toMatch(/&lt;script&gt;alert\(1\)/)
    const names = (html.match(/<[a-z][^>]*>/gi) ?? []).flatMap((tag) =>
      [...tag.matchAll(/\s([a-z-]+)(?:="[^"]*")?/gi)].map(([, name]) => name ?? ''),
    )
    expect(names).not.toContainEqual(expect.stringMatching(/^(on|autofocus|style)/))
  })

  it.each(
    Object.entries({
      overview: showOverview(),
      rules: showRules(),
      change: showChange(),
      audit: showAudit({ verdict: { isIntact: true, text: 'Whole.' } }),
    }),
  )('%s holds nothing inline, asks nobody else, and offers one main thing at most', (_, html) => {
    expect(html).not.toMatch(/<style|\sstyle\s*=|\son[a-z]+\s*=|javascript:|data:/i)
    for (const [, target] of html.matchAll(/\s(?:href|src|action)="([^"]*)"/gi))
      expect(target).toMatch(/^(\/(?!\/)|#)/)
    expect(html.match(/<h1>/g)).toHaveLength(1)
    expect((html.match(/class="button main"/g) ?? []).length).toBeLessThanOrEqual(1)
    expect(Buffer.byteLength(html)).toBeLessThan(30_000)
  })

  it('an overview of a desk where nobody has been says what to do first', () => {
    expect(showOverview({ people: 1, liveKeys: 0 })).toContain('Nobody has a key yet.')
    expect(showOverview({ people: 2, liveKeys: 0 })).not.toContain('Nobody has a key yet.')
    expect(showOverview({ people: 1, liveKeys: 1 })).not.toContain('Nobody has a key yet.')
  })

  it('a chart says in words what its bars show, and draws none where there is nothing', () => {
    const chart = renderPage(<HourChart of="Verifications" hours={hours} />)
    expect(chart).toContain('276 in all. Most: 23 at 01:00 UTC.')
    expect(chart.match(/<title>/g)).toHaveLength(24)
    expect(chart).toContain('role="img"')
    const empty = renderPage(<HourChart of="Verifications" hours={none} />)
    expect(empty).toContain('None in the last 24 hours.')
    expect(empty).not.toContain('<svg')
  })

  it('a bar is never higher than the chart, and never nothing where there was something', () => {
    const one = [...none.slice(1), { at, count: 1 }]
    const many = [...one.slice(1), { at, count: 1_000_000 }]
    for (const bars of [one, many]) {
      const chart = renderPage(<HourChart of="Refusals" hours={bars} bad />)
      const heights = [...chart.matchAll(/<rect[^>]*\sheight="(\d+)"/g)].map(([, height]) => Number(height))
      expect(Math.max(...heights)).toBe(60)
      expect(heights.filter((height) => height >= 3)).toHaveLength(
        bars.filter(({ count }) => count > 0).length,
      )
    }
  })

  it('a rule that cuts somebody off is confirmed with the colour of what destroys, and another is not', () => {
    expect(showChange()).toContain('class="button destroy"')
    expect(showChange({ usersCutOff: 0, keysCutOff: 0, cutOff: [] })).toContain('class="button main"')
  })
})
