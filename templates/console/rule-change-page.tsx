import { DataTable } from '../data-table.tsx'
import { Form } from '../form.tsx'
import { Rule, type RuleProps } from './access-rule.tsx'
import { type ConsoleFrame, ConsoleLayout } from './console-layout.tsx'
import { inFigures } from './hour-chart.tsx'

export type RuleChangePageProps = {
  frame: ConsoleFrame
  rule: RuleProps
  change: 'add' | 'remove'
  /** Where the form goes that does it, and what it sends. */
  action: string
  fields: Readonly<Record<string, string>>
  usersCutOff: number
  keysCutOff: number
  usersLetIn: number
  includesCaller: boolean
  /** The first of those who would be cut off. */
  cutOff: readonly { id: string; label: string; email: string | null; activeKeys: number }[]
}

/** What a change of the rules would do, and the form that does it. */
export function RuleChangePage(props: RuleChangePageProps) {
  const { frame, rule, change, action, fields, usersCutOff, includesCaller, cutOff } = props
  const isHarsh = usersCutOff > 0
  return (
    <ConsoleLayout
      frame={frame}
      section="access-rules"
      title={change === 'add' ? 'Add this rule?' : 'Remove this rule?'}
    >
      <p class="lede">
        <Rule rule={rule} />
        {rule.provider === null ? ' at every provider' : ` by ${rule.provider}`}
      </p>
      <p>{whatItDoes(props)}</p>
      {includesCaller && (
        <p class="notice problem" role="alert">
          <strong>You are among them.</strong> You would lose this console, and your keys would stop working.
        </p>
      )}
      {isHarsh && (
        <>
          <h2>Who would be cut off</h2>
          <DataTable
            caption="Who would be cut off"
            columns={['Who', 'Live keys']}
            rows={cutOff.map(({ id, label, email, activeKeys }) => [
              <>
                <a class="line" href={`/console/users/${id}`}>
                  {label}
                </a>
                {email && email !== label && <span class="line hint">{email}</span>}
              </>,
              inFigures(activeKeys),
            ])}
            empty={null}
          />
          {usersCutOff > cutOff.length && <p>{`And ${inFigures(usersCutOff - cutOff.length)} more.`}</p>}
        </>
      )}
      <Form action={action} token={frame.token} class="actions">
        {Object.entries(fields).map(([name, value]) => (
          <input type="hidden" name={name} value={value} />
        ))}
        <button type="submit" class={isHarsh ? 'button destroy' : 'button main'}>
          {change === 'add' ? 'Add the rule' : 'Remove the rule'}
        </button>
        <a class="button" href="/console/access-rules">
          Leave everything as it is
        </a>
      </Form>
    </ConsoleLayout>
  )
}

function whatItDoes({ usersCutOff, keysCutOff, usersLetIn }: RuleChangePageProps): string {
  const said = [
    usersCutOff === 0
      ? 'Nobody who is here is cut off.'
      : `${people(usersCutOff)} cut off at once, with ${keysCutOff === 1 ? 'one live key' : `${inFigures(keysCutOff)} live keys`}.`,
    ...(usersLetIn === 0 ? [] : [`${people(usersLetIn)} let in again who may not come in now.`]),
    'Nothing has been changed yet.',
  ]
  return said.join(' ')
}

function people(count: number): string {
  return count === 1 ? 'One person is' : `${inFigures(count)} people are`
}
