import { CopyButton } from './layout.tsx'

/** The text of a new key, this once, with a button that copies it. */
export function KeyTag({ keyText }: { keyText: string }) {
  return (
    <>
      <p class="lede">
        <strong>This key will not be shown again. Copy it now.</strong>
      </p>
      <section class="tag" aria-label="Key tag">
        <label class="eyebrow" for="key-text">
          API key
        </label>
        <output class="key" id="key-text" tabindex={0} data-holds-key="">
          {keyText}
        </output>
        <CopyButton of="key-text" label="Copy key" main />
      </section>
    </>
  )
}
