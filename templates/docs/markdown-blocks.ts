/** A piece of a guide, as it stands under the one before. */
export type Block =
  | { readonly kind: 'heading'; readonly level: 2 | 3; readonly text: string; readonly id: string }
  | { readonly kind: 'paragraph'; readonly text: string }
  | { readonly kind: 'code'; readonly text: string }
  | { readonly kind: 'list'; readonly isNumbered: boolean; readonly items: readonly string[] }
  | {
      readonly kind: 'table'
      readonly columns: readonly string[]
      readonly rows: readonly (readonly string[])[]
    }

/**
 * Reads as much of Markdown as our guides are written in: a title, headings, paragraphs, code, lists that hold only text, and
 * tables.
 */
export function readMarkdown(text: string): { readonly title: string; readonly blocks: readonly Block[] } {
  const [first = '', ...lines] = text.trim().split('\n')
  const blocks: Block[] = []
  for (let at = 0; at < lines.length; ) {
    const start = lines[at] ?? ''
    const isCode = start.startsWith('```')
    const end = lines.findIndex((line, index) => index > at && (isCode ? line === '```' : line === ''))
    const taken = lines.slice(at, end === -1 ? lines.length : end)
    if (isCode) blocks.push({ kind: 'code', text: taken.slice(1).join('\n') })
    else if (start !== '') blocks.push(readBlock(start, taken))
    at = start === '' ? at + 1 : at + taken.length + 1
  }
  return { title: first.replace(/^# /, ''), blocks }
}

function readBlock(start: string, lines: readonly string[]): Block {
  const [, marks, heading] = /^(##|###) (.*)$/.exec(start) ?? []
  if (heading !== undefined)
    return { kind: 'heading', level: marks === '##' ? 2 : 3, text: heading, id: anchorOf(heading) }
  if (start.startsWith('| ')) {
    const [columns = [], , ...rows] = lines.map(cellsOf)
    return { kind: 'table', columns, rows }
  }
  const marker = /^(?:- |[0-9]+\. )/
  if (!marker.test(start)) return { kind: 'paragraph', text: lines.join(' ') }
  const items: string[] = []
  for (const line of lines) {
    if (marker.test(line)) items.push(line.replace(marker, ''))
    else items.push(`${items.pop()} ${line.trim()}`)
  }
  return { kind: 'list', isNumbered: !start.startsWith('- '), items }
}

/** As GitHub names a heading, so that a link is the same in both places. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\w\- ]/g, '')
    .replaceAll(' ', '-')
}

function cellsOf(line: string): string[] {
  return line
    .slice(1, -1)
    .split('|')
    .map((cell) => cell.trim())
}
