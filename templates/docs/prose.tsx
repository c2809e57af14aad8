/** A sentence of the document: what stands between backticks is code, and nothing else of Markdown is known. */
export function Prose({ text }: { text: string }) {
  return <>{text.split('`').map((part, index) => (index % 2 === 1 ? <code>{part}</code> : part))}</>
}
