/** What a key is called, and its id; leads to its page. */
export function KeyName({ id, name }: { id: string; name: string }) {
  return (
    <div>
      <a class="line" href={`/console/keys/${id}`}>
        {name}
      </a>
      <code class="line">{id}</code>
    </div>
  )
}
