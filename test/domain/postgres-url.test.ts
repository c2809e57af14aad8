import { describe, expect, test } from 'vitest'
import { parsePostgresUrl } from '../../src/domain/postgres-url.ts'

describe('the URL of a Postgres', () => {
  test('is read with every part of it', () => {
    expect(parsePostgresUrl('postgres://key%40desk:p%2Fw%3A1@db.example.com:6543/keys')).toEqual({
      host: 'db.example.com',
      port: 6543,
      database: 'keys',
      user: 'key@desk',
      password: 'p/w:1',
      tls: { rootCertificateFile: undefined, certificateFile: undefined, keyFile: undefined },
    })
  })

  test.each([
    ['postgres://db.example.com/keys', 'verified'],
    ['postgresql://db.example.com/keys?sslmode=require', 'verified'],
    ['postgres://db.example.com/keys?sslmode=verify-ca', 'verified'],
    ['postgres://localhost/keys?sslmode=verify-full', 'verified'],
    ['postgres://10.0.0.5/keys', 'verified'],
    ['postgres://localhost.example.com/keys', 'verified'],
    ['postgres://db.example.com/keys?sslmode=disable', 'plain'],
    ['postgres://localhost/keys', 'plain'],
    ['postgres://127.0.0.1:5432/keys', 'plain'],
    ['postgres://[::1]/keys', 'plain'],
    ['postgres:///keys?host=/var/run/postgresql', 'plain'],
    ['postgres://u:p@db.example.com/keys?host=/var/run/postgresql', 'plain'],
  ])('%s is %s: no encryption is without verification', (url, expected) => {
    const address = parsePostgresUrl(url)
    if ('problem' in address) throw new Error(address.problem)
    expect(address.tls === null ? 'plain' : 'verified').toBe(expected)
  })

  test('has no brackets around an address of IPv6, and the folder of a socket as its host', () => {
    expect(parsePostgresUrl('postgres://[::1]:1/keys')).toMatchObject({ host: '::1', port: 1 })
    expect(parsePostgresUrl('postgres://u@localhost/keys?host=/run/postgresql')).toMatchObject({
      host: '/run/postgresql',
    })
  })

  test.each([
    ['postgres://db.example.com', /must look like/],
    ['postgres://db.example.com/', /must look like/],
    ['postgres:///keys', /must look like/],
    ['postgres://db.example.com/a/b', /must look like/],
    ['postgres://user:pa#ss@db.example.com/keys', /must look like/],
    ['postgres://one.example.com:1,two.example.com:2/keys', /must look like/],
    ['postgres://db.example.com/%ZZ', /must look like/],
    ['postgres://db.example.com/keys?sslmode=prefer', /sslmode=prefer; use verify-full/],
    ['postgres://db.example.com/keys?sslmode=no-verify', /sslmode=no-verify; use verify-full/],
    ['postgres://db.example.com/keys?sslcert=/a.pem', /sslcert and sslkey/],
    ['postgres://db.example.com/keys?ssl=true', /a parameter "ssl" that is not known/],
    ['postgres://db.example.com/keys?host=other.example.com', /no folder/],
    ['postgres://db.example.com/keys?sslmode=disable&sslmode=verify-full', /twice/],
    ['postgres://db.example.com/keys?sslrootcert=', /without a value/],
    ['postgres://one.example.com,two.example.com/keys', /must look like/],
  ])('%s is refused in words', (url, words) => {
    expect(parsePostgresUrl(url)).toEqual({ problem: expect.stringMatching(words) })
  })

  test('is never repeated by what is said of it', () => {
    for (const url of [
      'user:hunter2@db.example.com/keys?nonsense=hunter2',
      'user:12?hunter2@db.example.com/keys',
    ])
      expect(JSON.stringify(parsePostgresUrl(`postgres://${url}`))).not.toContain('hunter2')
  })
})
