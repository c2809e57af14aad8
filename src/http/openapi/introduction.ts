/** What a reader has to know before the first call. The same sentences stand in the document and on `/docs`. */
export const introduction: readonly { readonly title: string; readonly text: string }[] = [
  {
    title: 'Who asks',
    text: 'Services send the key that was shown to them, as `X-API-Key` or `Authorization: Bearer`, never both, never in the URL. The admin API is opened by `Authorization: Bearer <PROXY_MASTER_KEY>`, by the session of an admin, or by a key that carries the scope which the operation names and whose owner is an admin at that moment.',
  },
  {
    title: 'Errors',
    text: 'Every error is `application/problem+json` (RFC 9457). Decide by `code`, which is one of a closed list; `detail` is for people. `request_id` is also the header `X-Request-Id`. The OAuth endpoints (`/v1/token`, `/v1/introspect`, `/v1/revoke`, `/auth/exchange`) answer the same members as `application/json`, with `error` and `error_description` beside them (RFC 6749 §5.2). A 401 carries `WWW-Authenticate`. What is not yours answers like what does not exist: `not_found`.',
  },
  {
    title: 'Lists',
    text: 'A list answers `data` and `next_cursor`. Send the cursor back as `cursor`, with the same filters, until it is null. `limit` is 1 to 200. Unknown parameters and fields are refused by name.',
  },
  {
    title: 'Sending it again',
    text: 'A POST that makes a key takes `Idempotency-Key`. The same request again within a day answers 200 with `Idempotency-Replayed: true` and no key text: a text is shown once. The same name with another body is `conflict`.',
  },
  {
    title: 'Concurrent changes',
    text: 'What can be changed has an `ETag`, its version. Send it back as `If-Match`: where somebody was faster, the answer is 412 `precondition_failed` and nothing is done.',
  },
  {
    title: 'Limits',
    text: 'Past a limit the answer is 429 with `Retry-After`, `RateLimit` and `RateLimit-Policy`. A 503 is a failure of ours and never says that a key is bad: try again.',
  },
]
