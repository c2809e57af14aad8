import { linkTarget } from './layout.tsx'

/** A way in: `label` is what its button says. */
export type Choice = { href: string; label: string }

/** The ways in, the first of them in the accent colour when it is the only one. */
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
