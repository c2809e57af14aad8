/** Signing out changes something, so it is a form and no link. */
export function SignOutForm({ label = 'Sign out', everywhere }: { label?: string; everywhere?: boolean }) {
  return (
    <form method="post" action={everywhere ? '/auth/logout/everywhere' : '/auth/logout'}>
      <button type="submit" class="button">
        {label}
      </button>
    </form>
  )
}
