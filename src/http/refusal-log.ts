import { LRUCache } from 'lru-cache'

const addressesMax = 10_000

/**
 * Says which refusals of bad credentials are worth a line: of each address (IPv6: each /64) and minute the first, the second, the fourth,
 * the eighth and so on. A flood leaves a handful of lines that tell how large it is, and does not fill the disk.
 */
export function createRefusalLog(now: () => Date): (bucket: string) => number | null {
  const counts = new LRUCache<string, { minute: number; count: number }>({ max: addressesMax })

  /** How many refusals the address has had this minute, where that is worth a line. */
  return function countRefusal(bucket) {
    const minute = Math.floor(now().getTime() / 60_000)
    const known = counts.get(bucket)
    if (known === undefined || known.minute !== minute) {
      counts.set(bucket, { minute, count: 1 })
      return 1
    }
    known.count += 1
    return (known.count & (known.count - 1)) === 0 ? known.count : null
  }
}
