import type { Child } from 'hono/jsx'
import { Layout } from '../layout.tsx'
import { Notice } from '../notice.tsx'
import type { PageFrame } from '../page-frame.ts'
import { Sections } from '../sections.tsx'

const sections = [
  { id: 'overview', label: 'Overview', href: '/console' },
  { id: 'users', label: 'Users', href: '/console/users' },
  { id: 'keys', label: 'Keys', href: '/console/keys' },
  { id: 'service-accounts', label: 'Service accounts', href: '/console/service-accounts' },
  { id: 'invitations', label: 'Invitations', href: '/console/invitations' },
  { id: 'access-rules', label: 'Access rules', href: '/console/access-rules' },
  { id: 'apps', label: 'Apps', href: '/console/apps' },
  { id: 'audit', label: 'Audit', href: '/console/audit' },
] as const

/** What every page of the console is given besides its own. */
export type ConsoleFrame = PageFrame

/** The frame of every page of the console. */
export function ConsoleLayout(props: {
  frame: ConsoleFrame
  section: (typeof sections)[number]['id']
  title: string
  /** The page shows a key text. */
  secret?: boolean
  /** Where a reload leads, so that it sends no form again. */
  clearAddress?: string
  children: Child
}) {
  const { frame, section, title, secret, clearAddress, children } = props
  return (
    <Layout
      title={title}
      assets={frame.assets}
      requestId={frame.requestId}
      signedIn
      place="console"
      secret={secret ?? false}
      {...(clearAddress === undefined ? {} : { clearAddress })}
    >
      <Sections label="Console" links={sections} current={section} />
      <h1>{title}</h1>
      <Notice notice={frame.notice} />
      {children}
    </Layout>
  )
}
