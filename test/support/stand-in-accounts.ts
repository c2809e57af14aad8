/** A person who can be picked at the stand-in; the claim names are those of OpenID Connect. */
export interface StandInAccount {
  sub: string
  email: string
  email_verified: boolean
  name: string
  given_name?: string
  picture?: string
  hd?: string
  /** What the picker says about the account, for whoever has to choose one. */
  note?: string
}

/** The accounts of `npm run dev` and of the tests. Subjects are 21 digits, as Google's are. */
export const standInAccounts: readonly Readonly<StandInAccount>[] = [
  {
    sub: '104273918560237714501',
    email: 'alice@example.com',
    email_verified: true,
    name: 'Alice Example',
    given_name: 'Alice',
    hd: 'example.com',
    note: 'An ordinary user',
  },
  {
    sub: '109861447203398125602',
    email: 'ada@example.com',
    email_verified: true,
    name: 'Ada Example',
    given_name: 'Ada',
    hd: 'example.com',
    note: 'An admin',
  },
  {
    sub: '113590026718845203703',
    email: 'uma@example.com',
    email_verified: false,
    name: 'Uma Example',
    given_name: 'Uma',
    hd: 'example.com',
    note: 'Her email address is not verified',
  },
  {
    sub: '117704283951160842804',
    email: 'otto@elsewhere.test',
    email_verified: true,
    name: 'Otto Elsewhere',
    given_name: 'Otto',
    hd: 'elsewhere.test',
    note: 'From another domain',
  },
]
