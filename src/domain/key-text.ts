import { createHmac, timingSafeEqual } from 'node:crypto'
import { randomText } from './random-text.ts'

/** A key text taken apart: `kd_<id: 12 base62>_<secret: 43 base62><tag: 16 hex>`. */
export interface KeyText {
  readonly text: string
  readonly id: string
  /** What the tag is computed over: prefix, id and secret. */
  readonly tagged: string
  readonly tag: string
}

const idLength = 12
const secretLength = 43
const tagLength = 16
const bytesMax = 200
const grammar = new RegExp(
  `^[a-z]{2,10}_([0-9A-Za-z]{${idLength}})_[0-9A-Za-z]{${secretLength}}([0-9a-f]{${tagLength}})$`,
)

/** A new key id: 12 base62 characters, the public part by which people, logs and pages name a key. */
export function newKeyId(): string {
  return randomText(idLength)
}

/** A new key text for `id`, with 256 bits of secret. It exists in memory only until it is shown. */
export function newKeyText(id: string, prefix: string, tagKey: Uint8Array): string {
  const tagged = `${prefix}_${id}_${randomText(secretLength)}`
  return tagged + tagOf(tagged, tagKey)
}

/** Takes a key text apart, or answers null for whatever does not match the grammar to the letter. */
export function parseKeyText(text: string): KeyText | null {
  if (text.length > bytesMax) return null
  const [, id, tag] = grammar.exec(text) ?? []
  if (id === undefined || tag === undefined) return null
  return { text, id, tagged: text.slice(0, -tagLength), tag }
}

/**
 * Whether one of our tag keys made this tag, compared in constant time. It lets forged and mistyped keys be refused
 * without a query and without Argon2; it is a filter, never the proof.
 */
export function hasGenuineTag(key: KeyText, tagKeys: readonly Uint8Array[]): boolean {
  const shown = Buffer.from(key.tag, 'latin1')
  let genuine = false
  for (const tagKey of tagKeys) {
    if (timingSafeEqual(shown, Buffer.from(tagOf(key.tagged, tagKey), 'latin1'))) genuine = true
  }
  return genuine
}

/** Whether a text holds something that looks like a key text of any prefix: for keeping keys out of URLs and logs. */
export function looksLikeKeyText(text: string): boolean {
  return /[a-z]{2,10}_[0-9A-Za-z]{12}_[0-9A-Za-z]{20}/.test(text)
}

function tagOf(tagged: string, tagKey: Uint8Array): string {
  return createHmac('sha256', tagKey).update(tagged).digest('hex').slice(0, tagLength)
}
