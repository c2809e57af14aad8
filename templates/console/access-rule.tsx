import { Badge } from '../badge.tsx'

/** A rule as people read it. */
export type RuleProps = {
  kind: 'allow_domain' | 'allow_email' | 'deny_email' | 'admin_email'
  /** A label, or null for every provider. */
  provider: string | null
  value: string
}

/** What a rule says: a word and what it is about. */
export function Rule({ rule }: { rule: RuleProps }) {
  const word = { allow_domain: 'allow', allow_email: 'allow', deny_email: 'deny', admin_email: 'admin' }[
    rule.kind
  ]
  return (
    <>
      <Badge status={word} /> {rule.kind === 'allow_domain' && 'everybody at '}
      <code>{rule.value}</code>
    </>
  )
}
