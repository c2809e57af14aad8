import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'

const root = fileURLToPath(new URL('../../', import.meta.url))

/** Names of what an attacker might learn byte by byte from how long a compare takes. */
const secretName =
  /(?:secret|tag|hash|token|signature|mac|digest|master_?key|password|verifier|nonce|keytext)s?$/i

/** Compares of such names that give nothing away, each with the reason. A new one is looked at before it is added. */
const allowed: readonly { file: string; compare: RegExp; reason: string }[] = [
  {
    file: 'src/setting-contradictions.ts',
    compare: /^\w+ === proxyMasterKey$/,
    reason: 'at start, between two settings of one operator',
  },
  {
    file: 'src/services/',
    compare: /(?:stored|proven|secret)Hash [!=]== (?:\w+\.)*(?:stored|proven|secret)Hash$/i,
    reason: 'two stored Argon2id hashes: neither side was sent by the caller',
  },
  {
    file: 'src/services/',
    compare: /\burlHash$/,
    reason: 'two hashes of settings of one operator',
  },
  {
    file: 'src/sso/id-token.ts',
    compare: /nonce/i,
    reason: 'the OpenID nonce inside of a signed token, which the caller cannot vary',
  },
]

/** Every `a === b` of a line whose sides are names, without compares to a literal, null, undefined or a length. */
function comparesOf(line: string): string[] {
  const code = line.replace(/\/\/.*$/, '')
  const sides = /((?:[\w.?[\]'"]|\(\w*\))+)\s*(===?|!==?)\s*([\w.?[\]'"`]+)/g
  return [...code.matchAll(sides)]
    .filter(([, left = '', , right = '']) => [left, right].every((side) => !isConstant(side)))
    .filter(([, left = '', , right = '']) => [left, right].some((side) => secretName.test(lastNameOf(side))))
    .map(([, left, operator, right]) => `${left} ${operator} ${right}`)
}

function isConstant(side: string): boolean {
  return /^(?:null|undefined|true|false|\d+|['"`].*|typeof)$/.test(side) || /\.(?:length|size)$/.test(side)
}

function lastNameOf(side: string): string {
  return (
    side
      .replaceAll(/\(.*?\)|\?|\[.*?\]/g, '')
      .split('.')
      .at(-1) ?? side
  )
}

const files = readdirSync(join(root, 'src'), { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
  .map((entry) => relative(root, join(entry.parentPath, entry.name)))

describe('secrets are compared in constant time', () => {
  test('no compare of secrets by == or ===, but the listed ones', () => {
    const found = files.flatMap((file) =>
      readFileSync(join(root, file), 'utf8')
        .split('\n')
        .flatMap((line, index) => comparesOf(line).map((compare) => ({ file, line: index + 1, compare }))),
    )
    const unknown = found.filter(
      ({ file, compare }) =>
        !allowed.some((entry) => file.startsWith(entry.file) && entry.compare.test(compare)),
    )
    expect(unknown).toEqual([])
  })

  test('the check finds what it is for', () => {
    for (const line of [
      'if (token === options.masterKey) {',
      'return key.tag == tagOf(key.tagged, tagKey)',
      'const good = shown.signature !== sign(key, nonce)',
      'if (presented.secretHash === digest) return',
      'return shownDigest===known.digest',
    ]) {
      expect(comparesOf(line), line).toHaveLength(1)
    }
    for (const line of [
      'if (token === undefined) {',
      "if (secret === '') {",
      'tags.length === hash.length',
      '// tag === tag',
    ]) {
      expect(comparesOf(line), line).toEqual([])
    }
  })

  test('secrets are not compared by other means that stop at the first difference', () => {
    const means =
      /\b(\w*(?:secret|signature|mac|digest|masterKey|tag))\.(?:startsWith|endsWith|equals|localeCompare|compare)\(|Buffer\.compare\(/i
    const found = files.filter((file) => means.test(readFileSync(join(root, file), 'utf8')))
    expect(found).toEqual([])
  })
})
