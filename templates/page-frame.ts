import type { Assets } from './layout.tsx'
import type { NoticeProps } from './notice.tsx'

/** What every page of somebody who is signed in is given besides its own. */
export type PageFrame = {
  assets: Assets
  requestId: string
  /** For the forms of the page. */
  token: string
  now: Date
  notice: NoticeProps | null
}
