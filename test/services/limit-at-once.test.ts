import { expect, test } from 'vitest'
import { createPlaces } from '../../src/services/limit-at-once.ts'

test('so many take a place at once, and one more is told when to try again', () => {
  const takePlace = createPlaces(2)
  const leaves = [takePlace(), takePlace()]
  expect(takePlace).toThrow(expect.objectContaining({ code: 'overloaded', retryAfterSeconds: 10 }))
  leaves[0]?.()
  expect(takePlace).not.toThrow()
})

test('a place that is given back twice is one place', () => {
  const takePlace = createPlaces(1)
  const leave = takePlace()
  leave()
  const leaveNext = takePlace()
  leave()
  expect(takePlace).toThrow(expect.objectContaining({ code: 'overloaded' }))
  leaveNext()
  expect(takePlace).not.toThrow()
})
