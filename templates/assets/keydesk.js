// Makes the pages handier; every page works without it. Served as it stands.

const status = document.querySelector('[data-copy-status]')

for (const button of document.querySelectorAll('button[data-copy]')) {
  const target = document.querySelector(button.getAttribute('data-copy') ?? '')
  if (!target) continue
  const label = button.textContent ?? ''
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let later
  button.removeAttribute('hidden')
  button.addEventListener('click', async () => {
    const copied = await copy(target)
    announce(copied ? 'Copied' : 'Selected. Now copy it.')
    button.textContent = copied ? 'Copied' : 'Selected. Now copy it.'
    clearTimeout(later)
    later = setTimeout(() => {
      button.textContent = label
      announce('')
    }, 4000)
  })
}

// A click selects it by CSS (user-select: all); the keyboard needs this.
for (const field of document.querySelectorAll('[data-holds-key][tabindex]')) {
  field.addEventListener('focus', () => select(field))
}

// The address may hold an authorization code and its state: neither may stay in the bar, in history or in a bookmark.
const path = document.querySelector('[data-clear-address]')?.getAttribute('data-clear-address')
if (path) history.replaceState(null, '', path)

if (document.querySelector('[data-secret]')) {
  // The back/forward cache and task switchers keep what a page showed last, whatever Cache-Control says.
  addEventListener('pagehide', () => {
    getSelection()?.removeAllRanges()
    for (const holder of document.querySelectorAll('[data-holds-key]')) holder.textContent = ''
    document.querySelector('main')?.setAttribute('hidden', '')
  })
  addEventListener('pageshow', (event) => {
    if (event.persisted) location.reload()
  })
}

// Hides the rows of a table that do not hold what is typed. The list as a whole is searched by the server.
for (const field of document.querySelectorAll('[data-live-filter]')) {
  const input = field.querySelector('input')
  const rows = [...(field.nextElementSibling?.querySelectorAll('tbody tr') ?? [])]
  field.removeAttribute('hidden')
  input?.addEventListener('input', () => {
    const wanted = input.value.trim().toLowerCase()
    const shown = rows.filter((row) => {
      const isShown = (row.textContent ?? '').toLowerCase().includes(wanted)
      row.toggleAttribute('hidden', !isShown)
      return isShown
    })
    announce(wanted === '' ? '' : `${shown.length} of ${rows.length} rows`)
  })
}

// Escape takes back what was opened to be confirmed.
addEventListener('keydown', (event) => {
  const opened = event.key === 'Escape' && document.activeElement?.closest('details.confirm[open]')
  if (!opened) return
  opened.removeAttribute('open')
  opened.querySelector('summary')?.focus()
})

/**
 * Copies an element's text. The clipboard API is absent on plain http and may be forbidden: then the text is left
 * selected, so that one key press copies it.
 * @param {Element} element
 * @returns {Promise<boolean>} whether the text is on the clipboard
 */
async function copy(element) {
  try {
    await navigator.clipboard.writeText((element.textContent ?? '').trim())
    return true
  } catch {
    select(element)
    try {
      return document.execCommand('copy')
    } catch {
      return false
    }
  }
}

/** @param {Element} element */
function select(element) {
  getSelection()?.selectAllChildren(element)
}

/** @param {string} text */
function announce(text) {
  if (status) status.textContent = text
}
