import { KeydeskError } from '../domain/errors.ts'

/** Takes a place, and answers how to give it back. @throws KeydeskError `overloaded` while all are taken */
export type TakePlace = () => () => void

/** For long work that anybody may begin who may read: so many at once, and no more. */
export function createPlaces(max: number): TakePlace {
  let taken = 0

  return function takePlace() {
    if (taken >= max) {
      throw new KeydeskError('overloaded', {
        message: `${max} such requests are under way, which is the most at once. Try again when one has ended.`,
        retryAfterSeconds: 10,
      })
    }
    taken += 1
    let isMine = true
    return () => {
      if (isMine) taken -= 1
      isMine = false
    }
  }
}
