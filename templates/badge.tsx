const tones: Record<string, string> = {
  active: 'good',
  allow: 'good',
  retiring: 'warn',
  expired: 'dead',
  revoked: 'dead',
  disabled: 'bad',
  erased: 'dead',
  deny: 'bad',
}

/** A status: a word with a colour, never a colour alone. */
export function Badge({ status }: { status: string }) {
  return <span class={`badge ${tones[status] ?? 'plain'}`}>{status}</span>
}
