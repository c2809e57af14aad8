import { Ago } from '../ago.tsx'
import { DataTable, Pager } from '../data-table.tsx'
import { AppAccess, type AppAccessProps, AppMethods } from './app-access.tsx'
import { type ConsoleFrame, ConsoleLayout } from './console-layout.tsx'

export type AppsPageProps = {
  frame: ConsoleFrame
  apps: readonly (AppAccessProps & {
    id: string
    host: string
    pathPrefixes: readonly string[]
    methods: readonly string[]
    note: string | null
    madeBy: string
    createdAt: Date
  })[]
  unknownHost: 'allow' | 'deny'
  query: Record<string, string>
  next: string | null
}

/** So many paths leave room for the rest of the row. */
const pathsMax = 5

/** The apps behind the proxies, and who may reach them. */
export function AppsPage({ frame, apps, unknownHost, query, next }: AppsPageProps) {
  return (
    <ConsoleLayout frame={frame} section="apps" title="Apps">
      <p class="lede">Who may reach which app behind your proxies.</p>
      <EverythingElse unknownHost={unknownHost} />
      <p class="actions">
        <a class="button main" href="/console/apps/new">
          Add an app
        </a>
      </p>
      <DataTable
        caption="Apps, newest first"
        columns={['App', 'For whom', 'By', 'Note', 'Added']}
        rows={apps.map((app) => [
          <>
            <a href={`/console/apps/${app.id}`}>{app.host}</a>
            <Paths paths={app.pathPrefixes} />
          </>,
          <AppAccess app={app} />,
          <AppMethods methods={app.methods} />,
          app.note ?? '',
          <>
            <span class="line">{app.madeBy}</span>
            <span class="line hint">
              <Ago at={app.createdAt} now={frame.now} />
            </span>
          </>,
        ])}
        empty={
          <p>
            No app is listed yet. Let your proxy ask Keydesk, as{' '}
            <a href="/docs/protect-an-app">Protect an app in five minutes</a> shows. Then add the app here to
            say who may reach it.
          </p>
        }
      />
      <Pager path="/console/apps" query={query} next={next} />
    </ConsoleLayout>
  )
}

function Paths({ paths }: { paths: readonly string[] }) {
  const more = paths.length - pathsMax
  return (
    <>
      {paths.slice(0, pathsMax).map((path) => (
        <code class="line">{path}</code>
      ))}
      {more > 0 && <span class="line hint">{`and ${more} more`}</span>}
    </>
  )
}

/** What happens at a host that is not listed. */
function EverythingElse({ unknownHost }: { unknownHost: 'allow' | 'deny' }) {
  return unknownHost === 'allow' ? (
    <p>
      Everything else: at a host that is not listed here, everybody passes who is signed in or shows a good
      key. Whoever runs Keydesk can close such hosts with <code>UNKNOWN_HOST=deny</code>.
    </p>
  ) : (
    <p>
      Everything else: at a host that is not listed here, nobody passes. That is what{' '}
      <code>UNKNOWN_HOST=deny</code> says.
    </p>
  )
}
