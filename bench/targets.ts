import { type Distribution, round } from './statistics.ts'

/** One figure, and what it should be. Without a target it is there to be known. */
export interface Line {
  readonly what: string
  readonly value: number
  readonly unit: 'ms' | 's' | '×' | '/s' | ''
  readonly target: { readonly atLeast: number } | { readonly atMost: number } | null
  /** The same figure as it is spread. */
  readonly spread: Distribution | null
}

/** Whether it is as it should be; null where nothing is asked of it. A figure that is none is never right. */
export function isMet({ value, target }: Line): boolean | null {
  if (target === null) return null
  return 'atLeast' in target ? value >= target.atLeast : value <= target.atMost
}

/** The lines as a Markdown table, and below it in words what was missed. */
export function writeLines(lines: readonly Line[]): string {
  const table = lines.map((line) => {
    const { spread } = line
    const met = isMet(line)
    const cells = [
      line.what,
      spread === null
        ? ''
        : `${shown(spread.p50)} / ${shown(spread.p95)} / ${shown(spread.p99)} / ${shown(spread.max)}`,
      withUnit(line.value, line.unit),
      wanted(line),
      met === null ? '' : met ? 'yes' : 'no',
    ]
    return `| ${cells.join(' | ')} |`
  })
  const missed = lines.filter((line) => isMet(line) === false)
  const words = missed.map(
    (line) => `Missed: ${line.what} is ${withUnit(line.value, line.unit)}, and was to be ${wanted(line)}.`,
  )
  return [
    '| what | p50 / p95 / p99 / max | figure | target | met |',
    '|---|---|---|---|---|',
    ...table,
    '',
    ...(words.length > 0 ? words : ['Every target was met.']),
  ].join('\n')
}

/** The lines as they are written to the results. */
export function resultsOf(lines: readonly Line[]) {
  return lines.map((line) => ({ ...line, isMet: isMet(line) }))
}

function wanted({ target, unit }: Line): string {
  if (target === null) return ''
  return 'atLeast' in target ? `≥ ${withUnit(target.atLeast, unit)}` : `≤ ${withUnit(target.atMost, unit)}`
}

function withUnit(value: number, unit: Line['unit']): string {
  return unit === '' ? shown(value) : `${shown(value)}${unit === '/s' ? '' : ' '}${unit}`
}

function shown(value: number): string {
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString('en')
  return String(round(value, 2))
}
