/** What a part of the bench is given. */
export interface PartContext {
  /** Whether this is only a try: `BENCH_QUICK=1`. */
  readonly quick: boolean
  /** For whatever it writes; removed at the end. */
  readonly folder: string
  /** A line for whoever waits, on standard error. */
  say(line: string): void
  /** Called when the part is over, or has failed. What was started last is ended first. */
  atEnd(end: () => Promise<void> | void): void
}

/** What a part has to say: the text goes to standard output, the rest to `bench/results`. */
export interface PartResult {
  readonly text: string
  readonly results: Readonly<Record<string, unknown>>
}

export interface Part {
  /** The whole part is given up after this. */
  secondsMax(quick: boolean): number
  run(context: PartContext): Promise<PartResult>
}
