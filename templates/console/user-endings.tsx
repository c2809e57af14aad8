import { Confirm, Form } from '../form.tsx'
import type { ShownUser } from './user-page.tsx'

/** What takes something away from a user. What cuts off whoever does it says so. */
export function UserEndings(props: { user: ShownUser; isYou: boolean; answersFor: number; token: string }) {
  const { user, isYou, answersFor, token } = props
  const path = `/console/users/${user.id}`
  const version = String(user.version)
  const noun = user.kind === 'service' ? 'service account' : 'user'
  const isActive = user.status === 'active'
  const you = isYou ? 'This is you: you are signed out at once, and out of the console. ' : ''
  return (
    <>
      <h2>Take access away</h2>
      <div class="actions">
        {isYou && (
          <Confirm
            label="Give up my role"
            question="You stop being an administrator. You are out of the console at once, and only another administrator can let you in again."
            doIt="Stop being an administrator"
            action={path}
            token={token}
            hidden={{ version, role: 'member' }}
          />
        )}
        {isActive ? (
          <Confirm
            label={isYou ? 'Disable myself' : 'Disable'}
            question={`${you}Every key is refused from the next request on, and every session ends. The keys come back when the ${noun} is enabled again${isYou ? ', which only another administrator can do' : ''}.`}
            doIt={isYou ? 'Disable my own account' : `Disable this ${noun}`}
            action={path}
            token={token}
            hidden={{ version, status: 'disabled' }}
          />
        ) : (
          <Form action={path} token={token}>
            <input type="hidden" name="version" value={version} />
            <input type="hidden" name="status" value="active" />
            <button type="submit" class="button">
              Enable
            </button>
          </Form>
        )}
        <Confirm
          label="Revoke everything"
          question={`${you}Every key is revoked and every session ended, for good.${user.kind === 'person' ? ' Signing in again stays possible.' : ''}`}
          doIt={isYou ? 'Revoke everything of mine' : 'Revoke every key and session'}
          action={`${path}/revoke-everything`}
          token={token}
        />
        <Confirm
          label={isYou ? 'Erase myself' : 'Erase'}
          question={`${you}Every key is revoked and the profile is erased. Nothing brings it back. The audit trail keeps what happened, without who.${answersFor > 0 ? ` Nobody answers for ${answersFor === 1 ? 'one service account' : `${answersFor} service accounts`} then.` : ''}`}
          doIt={isYou ? 'Erase my own account' : `Erase this ${noun}`}
          action={`${path}/erase`}
          token={token}
          hidden={{ version }}
        />
      </div>
    </>
  )
}
