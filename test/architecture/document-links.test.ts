import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const root = fileURLToPath(new URL('../../', import.meta.url))

const documents = ['.', 'docs', 'deploy', 'examples']
  .flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: folder !== '.', withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name.endsWith('.md'))
      .map((entry) => relative(root, join(entry.parentPath, entry.name))),
  )
  .filter((file) => !file.includes('node_modules'))

const withoutCode = (file: string) => readFileSync(join(root, file), 'utf8').replaceAll(/```.*?```/gs, '')

/** The names under which the headings of a document can be linked to. */
function anchorsOf(file: string): string[] {
  return [...withoutCode(file).matchAll(/^#{1,6} (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  )
}

test('every link from one document of ours to another leads somewhere', () => {
  expect(documents.length).toBeGreaterThan(15)
  const broken: string[] = []
  for (const file of documents) {
    for (const [, link = ''] of withoutCode(file).matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^(https?:|mailto:)/.test(link)) continue
      const [path = '', anchor] = link.split('#')
      const target = path === '' ? file : normalize(join(dirname(file), path))
      const isThere = existsSync(join(root, target))
      const isNamed = anchor === undefined || (isThere && anchorsOf(target).includes(anchor))
      if (!isThere || !isNamed) broken.push(`${file}: ${link}`)
    }
  }
  expect(broken).toEqual([])
})
