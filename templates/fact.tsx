/** A term and what it is here; stands in `<dl class="facts">`, on a line of its own where it is long. */
export function Fact({ term, long, children }: { term: string; long?: boolean; children?: unknown }) {
  return (
    <div class={long ? 'broad' : undefined}>
      <dt>{term}</dt>
      <dd>{children}</dd>
    </div>
  )
}
