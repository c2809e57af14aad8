/** What the pages of the reference show: read from the OpenAPI document, and plain. */
export interface Field {
  name: string
  /** Of parameters: `query`, `path`, `header`. */
  where?: string
  isRequired: boolean
  kind: string
  about: string
  /** The object that it is, which has a section of its own on the page. */
  object: string | null
}

export interface ReferenceAnswer {
  status: string
  about: string
  headers: readonly string[]
  /** The object that it is, where it is one. */
  object: string | null
  fields: readonly Field[]
}

export interface ReferenceOperation {
  id: string
  method: string
  path: string
  summary: string
  description: string
  /** Sentences. */
  opens: readonly string[]
  parameters: readonly Field[]
  body: readonly Field[]
  answers: readonly ReferenceAnswer[]
  errors: readonly { status: string; codes: readonly string[] }[]
  curl: string
}

export interface ReferenceObject {
  name: string
  fields: readonly Field[]
  example: string
}

export interface ReferenceTag {
  name: string
  slug: string
  description: string
  operations: readonly ReferenceOperation[]
  objects: readonly ReferenceObject[]
}

export interface Reference {
  introduction: readonly { title: string; text: string }[]
  guides: readonly { slug: string; title: string }[]
  tags: readonly ReferenceTag[]
  errors: readonly { code: string; status: number; title: string }[]
}
