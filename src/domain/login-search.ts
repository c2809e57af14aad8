/**
 * The query of `/auth/login` for going on to `returnTo`, with a one-time code where the app there gave a challenge; or for
 * a key where that is null. Empty where it says nothing.
 */
export function loginSearch(
  returnTo: string | null,
  choosesAccount: boolean,
  codeChallenge?: string | undefined,
): string {
  const parameters = [
    ...(returnTo === null ? [] : [`return_to=${encodeURIComponent(returnTo)}`]),
    ...(codeChallenge === undefined
      ? []
      : [`code_challenge=${encodeURIComponent(codeChallenge)}`, 'code_challenge_method=S256']),
    ...(choosesAccount ? ['choose_account=true'] : []),
  ]
  return parameters.length === 0 ? '' : `?${parameters.join('&')}`
}
