import type { StandInAccount } from './stand-in-accounts.ts'

/** The page of accounts to pick from: one form, one button per account. Works without JavaScript. */
export function pickerPage(accounts: readonly StandInAccount[], clientHost: string): string {
  return page(
    'Choose an account',
    `<h1>Choose an account</h1>
    <p class="lead">to continue to <strong>${escapeHtml(clientHost)}</strong></p>
    <form method="post">
      <ul>${accounts.map(accountButton).join('')}</ul>
      <button class="cancel" name="account" value="cancel">Cancel</button>
    </form>`,
  )
}

/** What went wrong, in one sentence, with the way back. */
export function errorPage(message: string): string {
  return page(
    'This sign-in cannot go on',
    `<h1>This sign-in cannot go on</h1>
    <p>${escapeHtml(message)}</p>
    <p>Go back to the page you came from and start again.</p>`,
  )
}

function accountButton(account: StandInAccount): string {
  const note = account.note ? `<span class="note">${escapeHtml(account.note)}</span>` : ''
  return `
        <li><button name="account" value="${escapeHtml(account.sub)}">
          <span class="initial" aria-hidden="true">${escapeHtml(account.name.slice(0, 1))}</span>
          <span class="who"><strong>${escapeHtml(account.name)}</strong>
          <span class="email">${escapeHtml(account.email)}</span></span>
          ${note}
        </button></li>`
}

function page(title: string, body: string): string {
  return `<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <title>${title} - local stand-in</title>
  <link rel="icon" href="data:,">
  <style>${styles}</style>
</head>
<body>
  <p class="banner">Local stand-in for Google. For development and tests only.</p>
  <main>
    ${body}
  </main>
</body>
</html>
`
}

const styles = `
  :root { color-scheme: light dark; --page: light-dark(#f4f4f1, #17181a); --card: light-dark(#fff, #202225);
    --ink: light-dark(#1f2328, #e8e9eb); --quiet: light-dark(#57606a, #a4abb3);
    --line: light-dark(#d5d8d3, #3a3e44); --hover: light-dark(#f0f4f2, #2a2e33);
    --accent: light-dark(#17604a, #7fd0b3); --banner: light-dark(#fff3cd, #3d3415);
    --banner-ink: light-dark(#5c4400, #f4dfa0) }
  * { box-sizing: border-box }
  body { margin: 0; background: var(--page); color: var(--ink); font: 16px/1.5 system-ui, sans-serif }
  .banner { margin: 0; padding: 8px 16px; text-align: center; background: var(--banner);
    color: var(--banner-ink); font-weight: 600 }
  main { max-width: 34rem; margin: 48px auto; padding: 32px; background: var(--card);
    border: 1px solid var(--line); border-radius: 12px }
  h1 { margin: 0; font-size: 1.5rem; line-height: 1.25 }
  .lead { margin: 8px 0 24px; color: var(--quiet) }
  .lead strong { color: var(--ink); font-weight: 600; overflow-wrap: anywhere }
  ul { list-style: none; margin: 0 0 24px; padding: 0; border: 1px solid var(--line); border-radius: 8px;
    overflow: hidden }
  li + li { border-top: 1px solid var(--line) }
  button { font: inherit; color: inherit; cursor: pointer }
  button:focus-visible { outline: 3px solid var(--accent); outline-offset: -3px }
  li button { display: flex; align-items: center; gap: 16px; width: 100%; padding: 12px 16px; border: 0;
    background: none; text-align: left }
  li button:hover { background: var(--hover) }
  .initial { flex: none; display: grid; place-items: center; width: 40px; height: 40px; border-radius: 50%;
    border: 1px solid var(--line); color: var(--accent); font-weight: 600 }
  .who { flex: 1; min-width: 0 }
  .who strong, .email { display: block; overflow-wrap: anywhere }
  .who strong { font-weight: 600 }
  .email, .note { color: var(--quiet); font-size: .875rem }
  .note { flex: none; max-width: 45%; text-align: right }
  .cancel { padding: 8px 20px; border: 1px solid var(--line); border-radius: 8px; background: none }
  .cancel:hover { background: var(--hover) }
  @media (max-width: 480px) {
    main { margin: 16px; padding: 24px 16px }
    li button { flex-wrap: wrap; gap: 4px 12px }
    .note { flex: 1 0 100%; max-width: none; padding-left: 52px; text-align: left }
  }
`

const entities: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? '')
}
