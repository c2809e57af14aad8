/* What the examples of all pages are made of. */

export const ASSETS = { css: '/assets/keydesk.css', js: '/assets/keydesk.js' }
export const KEY_ID = '7Fq2LmX9aZt4'
export const KEY_TEXT = `kd_${KEY_ID}_Vb8nQ3rT6yU1iO5pA7sD0fG2hJ4kL6zX8cV9bN1mQwE9f3c2b1a7e5d4c6b`

/** Breaks out of text, of both kinds of attribute, of a script and of a comment, if anything lets it. */
export const HOSTILE = `</title></code><script>alert(1)</script><img src=x onerror="alert(2)">' onfocus='x" autofocus="--><!--&`

export const at = new Date('2026-11-21T02:37:11.123Z')
