import { randomText } from '../domain/random-text.ts'

/** Ids for requests: a random part for the process and a count, so that making one costs next to nothing. */
export function createRequestIds(): () => string {
  const processPart = randomText(8)
  let count = 0
  return function nextRequestId() {
    count += 1
    return `req_${processPart}${count.toString(36).padStart(6, '0')}`
  }
}
