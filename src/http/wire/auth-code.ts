import { z } from '@hono/zod-openapi'

/** What an app shows for its one-time code. Whether it is right is told by nothing but the answer. */
export const authCodeExchange = z.strictObject({
  auth_code: z.string().min(1).openapi({
    description: 'As it came in the query of `return_to`.',
    example: 'qv0Zc8yH1…',
  }),
  code_verifier: z.string().min(1).openapi({
    description: 'Of which the code_challenge was made (RFC 7636 §4.1).',
    example: 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk',
  }),
  return_to: z.string().min(1).openapi({
    description: 'The URL that was given to /auth/login, or any other at its origin.',
    example: 'https://app.example.com/start',
  }),
})

export const wireAccessToken = z
  .object({
    access_token: z.string().openapi({ description: 'A JWT for the origin of the app.' }),
    token_type: z.literal('Bearer'),
    expires_in: z.int().openapi({ description: 'In seconds.' }),
  })
  .openapi('AccessToken')
