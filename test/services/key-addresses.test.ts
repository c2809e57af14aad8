import { describe, expect, test } from 'vitest'
import { isAddressAllowed } from '../../src/services/key-addresses.ts'
import { keyRow, userRow } from '../storage/engines.ts'

const keyFor = (allowedAddresses: string[] | null) => keyRow(userRow(), { allowedAddresses })

describe('where a key may be used from', () => {
  test('is anywhere when it names no address, also where the address is not known', () => {
    for (const address of ['192.0.2.7', '2001:db8::1', null]) {
      expect(isAddressAllowed(keyFor(null), address)).toBe(true)
    }
  })

  test('is what it names, asked once or many times, and not what another key names', () => {
    const [office, home] = [keyFor(['192.0.2.0/24', '2001:db8::/32']), keyFor(['203.0.113.9'])]
    for (let time = 0; time < 3; time += 1) {
      expect(isAddressAllowed(office, '192.0.2.7')).toBe(true)
      expect(isAddressAllowed(office, '2001:db8::7')).toBe(true)
      expect(isAddressAllowed(office, '203.0.113.9')).toBe(false)
      expect(isAddressAllowed(home, '203.0.113.9')).toBe(true)
      expect(isAddressAllowed(home, '192.0.2.7')).toBe(false)
    }
  })

  test('is nowhere when the address is not known, or when the list is empty', () => {
    expect(isAddressAllowed(keyFor(['0.0.0.0/0', '::/0']), null)).toBe(false)
    expect(isAddressAllowed(keyFor([]), '192.0.2.7')).toBe(false)
  })

  test('is nowhere while one of its ranges cannot be read: neither a hole nor a wall that nobody sees', () => {
    const key = keyFor(['192.0.2.0/24', '10/8'])
    for (let time = 0; time < 3; time += 1) {
      expect(isAddressAllowed(key, '192.0.2.7')).toBe(false)
      expect(isAddressAllowed(key, '10.0.0.1')).toBe(false)
    }
  })

  test('is what the record says now: a record read again has ranges of its own', () => {
    const before = keyFor(['192.0.2.0/24'])
    expect(isAddressAllowed(before, '192.0.2.7')).toBe(true)
    expect(isAddressAllowed({ ...before, allowedAddresses: ['203.0.113.9'] }, '192.0.2.7')).toBe(false)
  })
})
