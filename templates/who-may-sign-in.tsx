/** Who may come in, a line for each sentence. */
export function WhoMaySignIn({ sentences }: { sentences: readonly string[] }) {
  return (
    <p class="who">
      {sentences.map((sentence) => (
        <span class="line">{sentence}</span>
      ))}
    </p>
  )
}
