import { Ago } from '../ago.tsx'
import { withQuery } from '../data-table.tsx'
import { Fact } from '../fact.tsx'
import { Confirm, Form } from '../form.tsx'
import { AppFields } from './app-fields.tsx'
import { type ConsoleFrame, ConsoleLayout } from './console-layout.tsx'

export type OneAppPageProps = {
  frame: ConsoleFrame
  app: { id: string; host: string; version: number; madeBy: string; createdAt: Date; updatedAt: Date }
  /** The other apps of the host. */
  siblings: readonly { id: string; pathPrefixes: readonly string[] }[]
  unknownHost: 'allow' | 'deny'
  /** What stands in the fields, by their names. */
  values: Readonly<Record<string, string>>
}

/** One app: everything that is said of it, and what can be done about it. */
export function OneAppPage({ frame, app, siblings, unknownHost, values }: OneAppPageProps) {
  const path = `/console/apps/${app.id}`
  return (
    <ConsoleLayout frame={frame} section="apps" title={app.host}>
      <dl class="facts">
        <Fact term="Added">
          {app.madeBy}, <Ago at={app.createdAt} now={frame.now} />
        </Fact>
        <Fact term="Last changed">
          <Ago at={app.updatedAt} now={frame.now} />
        </Fact>
        <Fact term="App id">
          <code>{app.id}</code>
        </Fact>
        <Fact term="What happened">
          <a href={withQuery('/console/audit', { target: `app:${app.id}` })}>Audit trail</a>
        </Fact>
        {siblings.length > 0 && (
          <Fact term="Other apps of this host: of all of them the longest path decides" long>
            {siblings.map(({ id, pathPrefixes }) => (
              <a class="line" href={`/console/apps/${id}`}>
                {pathPrefixes.length === 0 ? 'the whole host' : pathPrefixes.slice(0, 5).join(' ')}
              </a>
            ))}
          </Fact>
        )}
      </dl>
      <h2>Change it</h2>
      <Form action={path} token={frame.token} class="slot">
        <input type="hidden" name="version" value={String(app.version)} />
        <AppFields values={values} />
        <button type="submit" class="button main">
          Save the changes
        </button>
      </Form>
      <h2>Remove it</h2>
      <Confirm
        label="Remove this app"
        question={whatRemovalDoes(siblings.length > 0, unknownHost)}
        doIt="Remove it"
        action={`${path}/delete`}
        token={frame.token}
        hidden={{ version: String(app.version) }}
      />
    </ConsoleLayout>
  )
}

function whatRemovalDoes(hasSiblings: boolean, unknownHost: 'allow' | 'deny'): string {
  if (hasSiblings)
    return 'Its paths are judged by the other apps of the host from then on, or closed where none is about them.'
  return unknownHost === 'allow'
    ? 'Nothing is said of this host then: everybody passes who is signed in or shows a good key.'
    : 'Nothing is said of this host then, and nobody passes.'
}
