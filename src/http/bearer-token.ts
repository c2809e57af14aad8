/** The token of `Authorization: Bearer <token>` (RFC 6750 §2.1), or undefined for any other form. */
export function bearerToken(authorization: string | undefined): string | undefined {
  return authorization === undefined ? undefined : /^bearer +([!-~]+)$/i.exec(authorization)?.[1]
}
