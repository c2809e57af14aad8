import type { RequestMarks } from '../domain/navigation.ts'
import type { AppEnvironment } from './environment.ts'

const wanted = [
  'host',
  'x-original-method',
  'x-original-url',
  'x-forwarded-method',
  'x-forwarded-proto',
  'x-forwarded-host',
  'x-forwarded-uri',
  'x-forwarded-for',
  'x-api-key',
  'authorization',
  'cookie',
  'user-agent',
  'accept',
  'content-type',
  'upgrade',
  'sec-fetch-mode',
  'sec-websocket-key',
  'x-requested-with',
] as const

type WantedName = (typeof wanted)[number]
/** Where each has its place: an array is made faster than a map, and this is done for every request to every app. */
const places: Readonly<Record<string, number | undefined>> = Object.fromEntries(
  wanted.map((name, place) => [name, place]),
)
const nowhere = -1
const noLines: readonly string[] = []
/** Spellings of names that clients and proxies use; who sends others is read all the same. */
const spellingsMax = 500

/** The header lines of a request through a proxy, each value as it came. */
export class ProxyLines {
  /** One text, or a list of them where a name came in several lines. */
  readonly #values: (string | string[] | undefined)[]

  constructor(values: (string | string[] | undefined)[]) {
    this.#values = values
  }

  /** One for each line; the name in lower case. */
  of(name: string): readonly string[] {
    const values = this.#values[places[name] ?? nowhere]
    return typeof values === 'string' ? [values] : (values ?? noLines)
  }

  /** All of them as one text, or undefined where there is none. */
  joined(name: WantedName, separator = ', '): string | undefined {
    const values = this.#values[places[name] ?? nowhere]
    return typeof values === 'string' ? values : values?.join(separator)
  }
}

/**
 * Reads what is wanted in one pass over what came over the wire, so that a line that was sent twice is seen twice. Names
 * with underscores are other names.
 */
export function createReadProxyLines() {
  const known = new Map<string, number>()

  return function readProxyLines(request: Request, bindings: AppEnvironment['Bindings']): ProxyLines {
    const raw = bindings.incoming?.rawHeaders ?? [...request.headers].flat()
    const values: (string | string[] | undefined)[] = wanted.map(() => undefined)
    for (let index = 0; index + 1 < raw.length; index += 2) {
      const place = placeOf(raw[index] ?? '')
      if (place === nowhere) continue
      const value = raw[index + 1] ?? ''
      const before = values[place]
      if (before === undefined) values[place] = value
      else if (typeof before === 'string') values[place] = [before, value]
      else before.push(value)
    }
    return new ProxyLines(values)
  }

  /** Lower case is remembered: it would be worked out for each line of each request. */
  function placeOf(spelling: string): number {
    const before = known.get(spelling)
    if (before !== undefined) return before
    const lower = spelling.toLowerCase()
    const place = Object.hasOwn(places, lower) ? (places[lower] ?? nowhere) : nowhere
    if (known.size < spellingsMax && spelling.length < 50) known.set(spelling, place)
    return place
  }
}

/** What the client says of its request. */
export function marksOf(lines: ProxyLines): RequestMarks {
  return {
    secFetchMode: lines.joined('sec-fetch-mode'),
    requestedWith: lines.joined('x-requested-with'),
    accept: lines.joined('accept'),
    contentType: lines.joined('content-type'),
    upgrade: lines.joined('upgrade'),
    webSocketKey: lines.joined('sec-websocket-key'),
  }
}
