import type { Child } from 'hono/jsx'
import type { Block } from './markdown-blocks.ts'
import { PlainTable } from './plain-table.tsx'

/** Where a link of a guide leads here; null for what only the source has, of which the words stay. */
export type LinkTo = (target: string) => string | null

/** The blocks of a guide. `title` names its tables to those who hear them. */
export function Markdown(props: { blocks: readonly Block[]; title: string; linkTo: LinkTo }) {
  const { blocks, title, linkTo } = props
  return (
    <>
      {blocks.map((block, index) => (
        <BlockOf block={block} caption={headingBefore(blocks, index) ?? title} linkTo={linkTo} />
      ))}
    </>
  )
}

function BlockOf({ block, caption, linkTo }: { block: Block; caption: string; linkTo: LinkTo }) {
  const inline = (text: string) => <Inline text={text} linkTo={linkTo} />
  if (block.kind === 'paragraph') return <p>{inline(block.text)}</p>
  if (block.kind === 'heading') {
    const { level, id, text } = block
    return level === 2 ? <h2 id={id}>{inline(text)}</h2> : <h3 id={id}>{inline(text)}</h3>
  }
  if (block.kind === 'code') {
    return (
      <div class="snippet">
        <pre>
          <code>{block.text}</code>
        </pre>
      </div>
    )
  }
  if (block.kind === 'list') {
    const items = block.items.map((item) => <li>{inline(item)}</li>)
    return block.isNumbered ? <ol>{items}</ol> : <ul>{items}</ul>
  }
  const rows = block.rows.map((cells) => cells.map(inline))
  return <PlainTable caption={caption} columns={block.columns} rows={rows} />
}

function headingBefore(blocks: readonly Block[], index: number): string | undefined {
  return blocks.slice(0, index).findLast((block) => block.kind === 'heading')?.text
}

const marks = /`([^`]+)`|\*\*(.+?)\*\*|\[([^\]]+)\]\(([^)\s]+)\)|(?<!\w)_([^_]+)_(?!\w)/

function Inline({ text, linkTo }: { text: string; linkTo: LinkTo }): Child {
  const found = marks.exec(text)
  if (found === null) return <>{text}</>
  const [whole, code, strong, words, target = '', emphasis] = found
  const inner = (part: string) => <Inline text={part} linkTo={linkTo} />
  return (
    <>
      {text.slice(0, found.index)}
      {code !== undefined && <code>{code}</code>}
      {strong !== undefined && <strong>{inner(strong)}</strong>}
      {words !== undefined && link(linkTo(target), inner(words))}
      {emphasis !== undefined && <em>{inner(emphasis)}</em>}
      {inner(text.slice(found.index + whole.length))}
    </>
  )
}

function link(href: string | null, words: Child) {
  return href === null ? words : <a href={href}>{words}</a>
}
