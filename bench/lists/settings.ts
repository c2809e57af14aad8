/** How much there is, and how often each call is made. */
export interface ListSettings {
  readonly users: number
  readonly keys: number
  readonly events: number
  /** Of each call, after one that is not counted. */
  readonly calls: number
  /** The median of each is to stay below this. */
  readonly msMax: number
  /** After so many lines of an export the heap has its size, and memory must not grow any more, but by so much. */
  readonly settledLines: number
  readonly growthMibMax: number
  readonly secondsMax: number
}

const full: ListSettings = {
  users: 10_000,
  keys: 100_000,
  events: 1_000_000,
  calls: 30,
  msMax: 100,
  settledLines: 200_000,
  growthMibMax: 32,
  secondsMax: 900,
}

const quick: ListSettings = {
  ...full,
  users: 1000,
  keys: 10_000,
  events: 50_000,
  calls: 5,
  settledLines: 20_000,
}

export const listSettings = (isQuick: boolean): ListSettings => (isQuick ? quick : full)
