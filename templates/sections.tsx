/** The parts of a place, which lead to each other. */
export function Sections<Id extends string>(props: {
  /** Read out before them. */
  label: string
  links: readonly { id: Id; label: string; href: string }[]
  current: Id
}) {
  const { label, links, current } = props
  return (
    <nav class="sections" aria-label={label}>
      {links.map((link) => (
        <a href={link.href} aria-current={link.id === current ? 'page' : undefined}>
          {link.label}
        </a>
      ))}
    </nav>
  )
}
