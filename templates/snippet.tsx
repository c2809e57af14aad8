import { CopyButton } from './layout.tsx'

/** A line for a terminal or a file that holds a key, with a button that copies it. */
export function Snippet({ id, text, copy }: { id: string; text: string; copy: string }) {
  return (
    <div class="snippet">
      <pre>
        <code id={id} data-holds-key="">
          {text}
        </code>
      </pre>
      <CopyButton of={id} label={copy} />
    </div>
  )
}
