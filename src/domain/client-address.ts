import { isIP } from 'node:net'
import ipaddr from 'ipaddr.js'

export type AddressRange = [ipaddr.IPv4 | ipaddr.IPv6, number]

export interface Caller {
  /** The client's address in canonical form; null only when the connection has none (a test without a socket). */
  readonly address: string | null
  /** Whether the peer itself is one of the trusted proxies, so that its X-Forwarded-* count. */
  readonly viaTrustedProxy: boolean
}

/**
 * Who is calling: the rightmost entry of X-Forwarded-For outside `trusted` when the peer is trusted, else the peer.
 * Answers null when a trusted peer sends an entry that cannot be parsed: that is refused, never guessed at.
 */
export function callerOf(
  peer: string | undefined,
  forwardedFor: string | undefined,
  trusted: readonly AddressRange[],
): Caller | null {
  const peerAddress = peer === undefined ? null : parseAddress(peer)
  if (peerAddress === null) return { address: null, viaTrustedProxy: false }
  if (!isWithin(peerAddress, trusted)) return { address: peerAddress.toString(), viaTrustedProxy: false }
  let client = peerAddress
  for (const entry of (forwardedFor ?? '').split(',').reverse()) {
    if (forwardedFor === undefined || (entry.trim() === '' && forwardedFor.trim() === '')) break
    const address = parseForwarded(entry.trim())
    if (address === null) return null
    client = address
    if (!isWithin(address, trusted)) break
  }
  return { address: client.toString(), viaTrustedProxy: true }
}

/** A CIDR range or a single address, or null. An IPv4-mapped IPv6 address is its IPv4 address. */
export function parseRange(text: string): AddressRange | null {
  const [, base = '', bitsText] = /^([^/]+)(?:\/([0-9]{1,3}))?$/.exec(text) ?? []
  const address = parseAddress(base)
  if (address === null) return null
  const width = address instanceof ipaddr.IPv4 ? 32 : 128
  // A mapped address came with the width of IPv6.
  const isMapped = width === 32 && base.includes(':')
  const bits = bitsText === undefined ? width : Number(bitsText) - (isMapped ? 96 : 0)
  return bits >= 0 && bits <= width ? [address, bits] : null
}

/** Whether an address in canonical form is in one of the ranges. An address that is not known is in none. */
export function isAddressWithin(address: string | null, ranges: readonly AddressRange[]): boolean {
  const parsed = address === null ? null : parseAddress(address)
  return parsed !== null && isWithin(parsed, ranges)
}

function parseAddress(text: string): ipaddr.IPv4 | ipaddr.IPv6 | null {
  // Node's grammar is the strict one: ipaddr.js also reads octal, hex and short forms of IPv4, and other mixed forms.
  if (isIP(text) === 0 || text.includes('%')) return null
  if (text.includes(':') && text.includes('.') && !/^::ffff:[0-9.]+$/i.test(text)) return null
  return ipaddr.process(text)
}

/** An entry may carry a port (`192.0.2.1:4711`, `[2001:db8::1]:4711`), as some load balancers write it. */
function parseForwarded(entry: string): ipaddr.IPv4 | ipaddr.IPv6 | null {
  const bracketed = /^\[([^\]]+)\](?::\d{1,5})?$/.exec(entry)
  if (bracketed?.[1] !== undefined) return parseAddress(bracketed[1])
  const withPort = /^([0-9.]+):\d{1,5}$/.exec(entry)
  return parseAddress(withPort?.[1] ?? entry)
}

function isWithin(address: ipaddr.IPv4 | ipaddr.IPv6, ranges: readonly AddressRange[]): boolean {
  return ranges.some(([range, bits]) => address.kind() === range.kind() && address.match(range, bits))
}
