import type { Child } from 'hono/jsx'
import { Layout } from '../layout.tsx'
import { Notice } from '../notice.tsx'
import type { PageFrame } from '../page-frame.ts'
import { Sections } from '../sections.tsx'

const sections = [
  { id: 'account', label: 'Your account', href: '/account' },
  { id: 'keys', label: 'Your keys', href: '/account/keys' },
] as const

/** What every page of an account is given besides its own. */
export type AccountFrame = PageFrame & {
  /** Whether the way to the console is shown. */
  isAdmin: boolean
}

/** The frame of every page of an account: for one person's eyes, so each is blanked when it is left. */
export function AccountLayout(props: {
  frame: AccountFrame
  section: (typeof sections)[number]['id']
  title: string
  children: Child
}) {
  const { frame, section, title, children } = props
  const { assets, requestId, isAdmin } = frame
  return (
    <Layout
      title={title}
      assets={assets}
      requestId={requestId}
      signedIn
      place="account"
      isAdmin={isAdmin}
      secret
    >
      <Sections label="Account" links={sections} current={section} />
      <h1>{title}</h1>
      <Notice notice={frame.notice} />
      {children}
    </Layout>
  )
}
