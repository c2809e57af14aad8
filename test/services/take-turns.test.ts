import { expect, test } from 'vitest'
import { createTurns } from '../../src/services/take-turns.ts'

const turnOfTheLoop = () => new Promise((resolve) => setImmediate(resolve))

test('work is done one piece at a time, in the order in which it was asked for', async () => {
  const inTurn = createTurns()
  const seen: string[] = []
  const piece = (name: string) => async () => {
    seen.push(`${name} begins`)
    await turnOfTheLoop()
    seen.push(`${name} ends`)
    return name
  }
  expect(await Promise.all([inTurn(piece('a')), inTurn(piece('b'))])).toEqual(['a', 'b'])
  expect(seen).toEqual(['a begins', 'a ends', 'b begins', 'b ends'])
})

test('the process does what else there is to do between two pieces', async () => {
  const inTurn = createTurns()
  const seen: string[] = []
  const pieces = [1, 2, 3].map((n) => inTurn(async () => void seen.push(`piece ${n}`)))
  setImmediate(() => seen.push('a request'))
  await Promise.all(pieces)
  expect(seen.indexOf('a request')).toBe(1)
})

test('a piece that fails is told to whoever asked for it, and to nobody else', async () => {
  const inTurn = createTurns()
  const failing = inTurn(() => Promise.reject(new Error('broken')))
  const other = inTurn(async () => 'done')
  await expect(failing).rejects.toThrow('broken')
  expect(await other).toBe('done')
})
