import { describe, expect, test } from 'vitest'
import { leaseUntil } from '../../src/domain/lease.ts'

const day = 86_400
const signedIn = (...times: string[]) => ({
  kind: 'person',
  identities: times.map((time) => ({ lastSignInAt: new Date(time) })),
})

describe('a lease', () => {
  test('lasts so long after the last sign-in, to the millisecond', () => {
    expect(leaseUntil(signedIn('2027-03-01T10:00:00.123Z'), 30 * day)).toEqual(
      new Date('2027-03-31T10:00:00.123Z'),
    )
  })

  test('counts from the latest of several identities, in whatever order', () => {
    const latest = new Date('2027-03-09T00:00:00Z')
    expect(leaseUntil(signedIn('2027-03-01T00:00:00Z', '2027-03-08T00:00:00Z'), day)).toEqual(latest)
    expect(leaseUntil(signedIn('2027-03-08T00:00:00Z', '2027-03-01T00:00:00Z'), day)).toEqual(latest)
  })

  test('is over for who never signed in', () => {
    const until = leaseUntil(signedIn(), 30 * day)
    expect(until?.getTime()).toBe(30 * day * 1000)
  })

  test('is none where no lease is set, and for service accounts', () => {
    expect(leaseUntil(signedIn('2027-03-01T00:00:00Z'), null)).toBeNull()
    expect(leaseUntil(signedIn(), null)).toBeNull()
    expect(leaseUntil({ kind: 'service', identities: [] }, day)).toBeNull()
  })
})
