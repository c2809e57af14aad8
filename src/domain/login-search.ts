/** The query of `/auth/login` for going on to `returnTo`, or for a key where that is null; empty where it says nothing. */
export function loginSearch(returnTo: string | null, choosesAccount: boolean): string {
  const parameters = [
    ...(returnTo === null ? [] : [`return_to=${encodeURIComponent(returnTo)}`]),
    ...(choosesAccount ? ['choose_account=true'] : []),
  ]
  return parameters.length === 0 ? '' : `?${parameters.join('&')}`
}
