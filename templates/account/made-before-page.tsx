import { type AccountFrame, AccountLayout } from './account-layout.tsx'

export type MadeBeforePageProps = {
  frame: AccountFrame
  apiKey: { id: string; name: string }
}

/** For a form that was sent again: the key is there, and its text was shown. */
export function MadeBeforePage({ frame, apiKey }: MadeBeforePageProps) {
  return (
    <AccountLayout frame={frame} section="keys" title="This key was shown already">
      <p class="lede">
        This form has made the key “{apiKey.name}”, <code>{apiKey.id}</code>, and its text was shown then. No
        second key was made.
      </p>
      <p>
        Nobody can look the text up again: Keydesk keeps no copy. If you did not copy it, revoke the key and
        make another.
      </p>
      <p class="leave">
        <a class="button main" href={`/account/keys/${apiKey.id}`}>
          Go to the key
        </a>
      </p>
    </AccountLayout>
  )
}
