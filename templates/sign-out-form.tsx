/** Signing out changes something, so it is a form and no link. */
export function SignOutForm({ everywhere }: { everywhere?: boolean }) {
  return (
    <form method="post" action={everywhere ? '/auth/logout/everywhere' : '/auth/logout'}>
      <button type="submit" class="button">
        {everywhere ? 'Sign out everywhere' : 'Sign out'}
      </button>
    </form>
  )
}
