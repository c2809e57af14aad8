/** What came of the last thing that was done: said once, at the top of the page. */
export type NoticeProps = { kind: 'done' | 'problem'; text: string }

export function Notice({ notice }: { notice: NoticeProps | null }) {
  if (notice === null) return null
  return (
    <p class={`notice ${notice.kind}`} role={notice.kind === 'problem' ? 'alert' : 'status'}>
      <strong>{notice.kind === 'done' ? 'Done.' : 'That was not done.'}</strong> {notice.text}
    </p>
  )
}
