import { linkTarget } from './layout.tsx'

/** A way in: `label` is what its button says. */
export type Choice = { href: string; label: string }

/** The ways in. The only one is the main action of its page; of several none is more than the others. */
export function ProviderButtons({ choices }: { choices: readonly Choice[] }) {
  return (
    <ul class="choices">
      {choices.map(({ href, label }) => (
        <li>
          <a class={choices.length === 1 ? 'button main' : 'button'} href={linkTarget(href)}>
            {label}
          </a>
        </li>
      ))}
    </ul>
  )
}
