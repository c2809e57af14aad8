import { Ago } from '../ago.tsx'
import { DataTable, Pager } from '../data-table.tsx'
import { Rule, type RuleProps } from './access-rule.tsx'
import { AccessRuleForms } from './access-rule-forms.tsx'
import { type ConsoleFrame, ConsoleLayout } from './console-layout.tsx'

export type AccessRulesPageProps = {
  frame: ConsoleFrame
  rules: readonly (RuleProps & { id: string; note: string | null; madeBy: string; createdAt: Date })[]
  /** Those that only whoever runs Keydesk can change. */
  settings: readonly RuleProps[]
  /** Null where there is no external list. */
  allowlist: { fetchedAt: Date | null; isStale: boolean; domains: number; emails: number } | null
  signUp: 'open' | 'invited'
  admitsAnybody: boolean
  providers: readonly { id: string; label: string }[]
  /** What was typed before, where it could not be done. */
  typed: Readonly<Record<string, string>>
  query: Record<string, string>
  next: string | null
}

/** Who may come in, by the rules of all sources. */
export function AccessRulesPage(props: AccessRulesPageProps) {
  const { frame, rules, settings, allowlist, query, next } = props
  return (
    <ConsoleLayout frame={frame} section="access-rules" title="Access rules">
      <p>{whoComesIn(props)}</p>
      <DataTable
        caption="Rules that were made here"
        columns={['Rule', 'By provider', 'Note', 'Made', '']}
        rows={rules.map((rule) => [
          <Rule rule={rule} />,
          rule.provider ?? 'every one',
          rule.note ?? '',
          <>
            <span class="line">{rule.madeBy}</span>
            <span class="line hint">
              <Ago at={rule.createdAt} now={frame.now} />
            </span>
          </>,
          <a class="button small" href={`/console/access-rules/${rule.id}/remove`}>
            Remove
          </a>,
        ])}
        empty={<p>No rule was made here yet. Make one below: first you see what it would do.</p>}
      />
      <Pager path="/console/access-rules" query={query} next={next} />
      <h2>Rules of the settings</h2>
      <DataTable
        caption="Rules of the settings"
        columns={['Rule', 'By provider']}
        rows={settings.map((rule) => [<Rule rule={rule} />, rule.provider ?? 'every one'])}
        empty={<p>The settings hold no rule and name no administrator.</p>}
      />
      <p class="quiet">Whoever runs Keydesk changes these, and starts it again.</p>
      {allowlist && (
        <>
          <h2>The external list</h2>
          <p>
            {`${allowlist.domains} domains and ${allowlist.emails} addresses. `}
            {allowlist.fetchedAt === null ? (
              'It has not been read yet.'
            ) : (
              <>
                Known to be current <Ago at={allowlist.fetchedAt} now={frame.now} />.
              </>
            )}
            {allowlist.isStale &&
              ' That is too long ago: nobody signs in by this list until it is read again.'}
          </p>
        </>
      )}
      <AccessRuleForms token={frame.token} providers={props.providers} typed={props.typed} />
    </ConsoleLayout>
  )
}

function whoComesIn({ admitsAnybody, signUp }: AccessRulesPageProps): string {
  const rest = 'A rule that keeps somebody out beats every other.'
  if (admitsAnybody)
    return `Any verified account may come in now, because there is no rule that lets somebody in. The first one ends that. ${rest}`
  if (signUp === 'invited')
    return `Who is new comes in by an invitation. These rules say who of them may stay. ${rest}`
  return `Whom a rule lets in may come in, and nobody else. ${rest}`
}
