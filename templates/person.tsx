/** Who somebody is: name and address, whichever there are. */
export function Person({ name, email }: { name: string | null; email: string | null }) {
  return (
    <p class="person">
      {name && <strong class="line">{name}</strong>}
      {email && <span class="line">{email}</span>}
    </p>
  )
}
