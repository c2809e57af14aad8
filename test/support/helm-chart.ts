import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe } from 'vitest'

/** Where Debian puts the compiler and the libraries. */
const go = '/usr/bin/go'
const libraries = '/usr/share/gocode'
const neededFiles = [
  go,
  ...['github.com/Masterminds/sprig', 'sigs.k8s.io/yaml', 'github.com/xeipuuv/gojsonschema'].map((name) =>
    join(libraries, 'src', name),
  ),
]
const packages =
  'golang-go golang-github-masterminds-sprig-dev golang-k8s-sigs-yaml-dev golang-github-xeipuuv-gojsonschema-dev'

export const chartFolder = resolve(import.meta.dirname, '../../deploy/helm/keydesk')
export type Values = Readonly<Record<string, unknown>>

export interface RenderedChart {
  /** Every manifest, as Kubernetes would get it. */
  readonly manifests: readonly any[]
  readonly notes: string
  all(kind: string): any[]
  /** The only one of its kind. */
  one(kind: string): any
}

/** @throws with the words that Helm would refuse these values with. */
export type RenderChart = (values: Values, options?: { chart?: string; release?: string }) => RenderedChart

/**
 * `describe` for what needs the chart rendered: builds our renderer of Helm's own parts for the tests within. On a machine
 * without them they are skipped, which one line says; with CI set a missing one fails.
 */
export function describeWithHelmChart(name: string, define: (render: RenderChart) => void): void {
  let folder: string | undefined
  const render: RenderChart = (values, options = {}) => {
    if (folder === undefined) throw new Error('the renderer has not been built')
    return renderWith(join(folder, 'render-chart'), values, options)
  }
  const missing = neededFiles.filter((file) => !existsSync(file))
  if (missing.length > 0 && !process.env.CI) {
    // Not through the console, which Vitest takes hold of and spreads over several lines.
    writeSync(
      1,
      `Skipped "${name}": there is no ${missing.join(', ')}. Install it with: apt-get install ${packages}\n`,
    )
    describe.skip(name, () => define(render))
    return
  }
  describe(name, () => {
    beforeAll(() => {
      if (missing.length > 0) throw new Error(`CI needs ${missing.join(', ')}: apt-get install ${packages}`)
      folder = mkdtempSync(join(tmpdir(), 'keydesk-chart-'))
      build(join(folder, 'render-chart'))
    }, 120_000)
    afterAll(() => {
      if (folder !== undefined) rmSync(folder, { recursive: true, force: true })
    })
    define(render)
  })
}

function build(program: string): void {
  const { status, stderr, error } = spawnSync(go, ['build', '-o', program, '.'], {
    cwd: join(import.meta.dirname, 'render-chart'),
    // Debian's libraries lie in a GOPATH. Nothing is downloaded: without modules there is nowhere to download from.
    env: { ...process.env, GO111MODULE: 'off', GOPATH: libraries, GOFLAGS: '' },
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(`the renderer does not build: ${error?.message ?? stderr}`)
}

function renderWith(
  program: string,
  values: Values,
  options: { chart?: string; release?: string },
): RenderedChart {
  const order = {
    chart: options.chart ?? chartFolder,
    release: {
      Name: options.release ?? 'desk',
      Namespace: 'keys',
      Service: 'Helm',
      IsInstall: true,
      IsUpgrade: false,
      Revision: 1,
    },
    values,
  }
  const { status, stdout, stderr, error } = spawnSync(program, [], {
    input: JSON.stringify(order),
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(error?.message ?? stderr.trim())
  const answer: { manifests: { file: string; object: any }[]; notes: string } = JSON.parse(stdout)
  const manifests = answer.manifests.map(({ object }) => object)
  const all = (kind: string) => manifests.filter((object) => object.kind === kind)
  return {
    manifests,
    notes: answer.notes,
    all,
    one: (kind) => {
      const [first, ...others] = all(kind)
      if (first === undefined || others.length > 0) throw new Error(`${all(kind).length} objects are ${kind}`)
      return first
    },
  }
}
