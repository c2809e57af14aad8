import { readFileSync } from 'node:fs'
import argon2 from 'argon2'

/*
 * Argon2id and nothing else: `bare-argon2.ts <file> <concurrency>` verifies every `[hash, text]` of the JSON file, so
 * many at a time, and writes how many a second that were and how many milliseconds one took.
 */

const [, , file = '', concurrency = ''] = process.argv
const pairs = JSON.parse(readFileSync(file, 'utf8')) as [hash: string, text: string][]
const [first] = pairs
if (first === undefined) throw new Error('there is nothing to verify')
for (let warmUp = 0; warmUp < 3; warmUp += 1) await argon2.verify(...first)

let next = 0
let hashMs = 0
const begunAt = performance.now()
await Promise.all(
  Array.from({ length: Number(concurrency) }, async () => {
    for (let pair = pairs[next++]; pair !== undefined; pair = pairs[next++]) {
      const hashBegunAt = performance.now()
      if (!(await argon2.verify(...pair))) throw new Error('a hash does not match its text')
      hashMs += performance.now() - hashBegunAt
    }
  }),
)
const seconds = (performance.now() - begunAt) / 1000
process.stdout.write(
  `${JSON.stringify({ perSecond: pairs.length / seconds, msPerHash: hashMs / pairs.length })}\n`,
)
