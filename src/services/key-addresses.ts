import { type AddressRange, isAddressWithin, parseRange } from '../domain/client-address.ts'
import type { ApiKey } from '../storage/keys.ts'

const known = new WeakMap<readonly string[], readonly AddressRange[]>()

/** Whether a key may be used from an address: anywhere where it names none. The ranges are read once for each record. */
export function isAddressAllowed({ allowedAddresses }: ApiKey, address: string | null): boolean {
  if (allowedAddresses === null) return true
  const ranges = known.get(allowedAddresses) ?? allowedAddresses.map(parseRange)
  const readable = ranges.filter((range) => range !== null)
  // A range that cannot be read must not be skipped over: it would be a hole or a wall that nobody sees.
  if (readable.length < ranges.length) return false
  known.set(allowedAddresses, readable)
  return isAddressWithin(address, readable)
}
