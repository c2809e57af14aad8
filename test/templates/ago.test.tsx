import { expect, it } from 'vitest'
import { Ago } from '../../templates/ago.tsx'

const now = new Date('2026-11-21T09:00:00.000Z')
const dayMs = 86_400_000
const words = (ms: number) => />([^<]*)</.exec(String(Ago({ at: new Date(now.getTime() + ms), now })))?.[1]

it.each([
  [0, 'just now'],
  [20_000, 'in a moment'],
  [-90 * 60_000, '1 hour ago'],
  [-1.4 * dayMs, '1 day ago'],
  [1.9 * dayMs, 'in 2 days'],
  [-13 * dayMs, '13 days ago'],
  [90 * dayMs - 500, 'in 90 days'],
  [7 * dayMs - 500, 'in 7 days'],
  [365 * dayMs - 500, 'in 12 months'],
  [-800 * dayMs, '2 years ago'],
])('%d ms from now is told as “%s”, which is never far from the truth', (ms, said) => {
  expect(words(ms)).toBe(said)
})

it('the exact time is in the markup and on hover', () => {
  const html = String(Ago({ at: new Date('2026-11-18T02:37:11.123Z'), now }))
  expect(html).toBe(
    '<time datetime="2026-11-18T02:37:11.123Z" title="2026-11-18 02:37:11 UTC">3 days ago</time>',
  )
})
