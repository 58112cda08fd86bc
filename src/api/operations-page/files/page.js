// Keeps the open page up to date, and gives it keys. Every page works without this script.

const { view, root } = document.body.dataset;
const status = document.getElementById('live-status');
const text = status?.querySelector('[data-live-text]');
const button = status?.querySelector('[data-live-button]');

/** The server sends a beat every 10 s. */
const staleAfterMs = 25_000;
const longestPauseMs = 15_000;

let stream = null;
/** The person has paused it: nothing but a click on the button goes on. */
let pausedByPerson = false;
let ended = false;
let failures = 0;
let lastBeatAt = Date.now();
let retryTimer;
let staleTimer;

function clock(time) {
  const chosen = document.querySelector('[data-zone]')?.dataset.zone ?? 'UTC';
  const written = new Intl.DateTimeFormat('sv-SE', { timeZone: chosen, hour: '2-digit', minute: '2-digit' });
  return `${written.format(time)}${chosen === 'UTC' ? ' UTC' : ''}`;
}

function show(state, words) {
  if (!status || !text || !button) return;
  // The same words again would be read aloud again.
  if (status.dataset.liveState === state && text.textContent === words) return;
  status.dataset.liveState = state;
  text.textContent = words;
  button.hidden = state === 'ended';
  button.textContent = state === 'paused' ? 'Go on' : 'Pause';
}

function stale() {
  show('stale', `Stale since ${clock(lastBeatAt)}: no connection. It goes on by itself.`);
}

function beat() {
  lastBeatAt = Date.now();
  failures = 0;
  clearTimeout(staleTimer);
  staleTimer = setTimeout(stale, staleAfterMs);
}

function connect() {
  if (stream || pausedByPerson || ended || document.hidden) return;
  clearTimeout(retryTimer);
  const opened = new EventSource(`${root}ui/live?view=${encodeURIComponent(view)}`);
  stream = opened;
  opened.addEventListener('beat', () => {
    beat();
    if (status?.dataset.liveState !== 'live') show('live', 'Live');
  });
  opened.addEventListener('view', (event) => {
    beat();
    show('live', 'Live');
    update(JSON.parse(event.data));
  });
  opened.addEventListener('trouble', () => {
    beat();
    show('stale', `Stale since ${clock(Date.now())}: the server cannot read this page now. It tries again.`);
  });
  opened.addEventListener('ended', () => {
    ended = true;
    disconnect();
    show('ended', 'Your session has ended. Load the page again to sign in.');
  });
  opened.onerror = () => {
    // The browser would try again by itself after some failures only.
    if (stream !== opened) return;
    disconnect();
    stale();
    failures += 1;
    retryTimer = setTimeout(connect, Math.min(1_000 * 2 ** (failures - 1), longestPauseMs));
  };
}

function disconnect() {
  stream?.close();
  stream = null;
  clearTimeout(retryTimer);
  clearTimeout(staleTimer);
}

function pause(words) {
  disconnect();
  show('paused', words);
}

button?.addEventListener('click', () => {
  pausedByPerson = !pausedByPerson;
  if (pausedByPerson) pause(`Paused at ${clock(Date.now())}.`);
  else {
    show('live', 'Connecting …');
    connect();
  }
});

document.addEventListener('visibilitychange', () => {
  if (pausedByPerson || ended || !view) return;
  if (document.hidden) pause(`Paused at ${clock(Date.now())}, while the page is hidden.`);
  else connect();
});

addEventListener('pagehide', disconnect);
addEventListener('pageshow', () => {
  if (view) connect();
});

/** Puts the parts of the new page in place of the old ones. */
function update(html) {
  const fresh = new DOMParser().parseFromString(html, 'text/html');
  for (const part of document.querySelectorAll('[data-live][id]')) {
    const next = fresh.getElementById(part.id);
    if (!next || next.innerHTML === part.dataset.shown) continue;
    if (isInUse(part)) continue;
    part.dataset.shown = next.innerHTML;
    if (part.dataset.rows && part.querySelector('tbody') && next.querySelector('tbody'))
      updateRows(part, next);
    else part.innerHTML = next.innerHTML;
  }
}

/** Somebody types there, or is about to confirm something. */
function isInUse(part) {
  const focused = document.activeElement;
  const isTyping = part.contains(focused) && focused.matches('input, select, textarea');
  return isTyping || part.querySelector('details[open]') !== null;
}

/** Known rows change where they are. New ones wait until the person wants them, so nothing jumps. */
function updateRows(part, next) {
  const shown = new Map([...part.querySelectorAll('tr[data-key]')].map((row) => [row.dataset.key, row]));
  const rows = [...next.querySelectorAll('tr[data-key]')];
  for (const row of rows) {
    const old = shown.get(row.dataset.key);
    if (old && old.innerHTML !== row.innerHTML && !old.contains(document.activeElement))
      old.innerHTML = row.innerHTML;
  }
  const added = rows.filter((row) => !shown.has(row.dataset.key)).length;
  let waiting = part.querySelector('.fresh');
  if (added === 0) {
    waiting?.remove();
    return;
  }
  if (!waiting) {
    waiting = document.createElement('button');
    waiting.type = 'button';
    waiting.className = 'fresh';
    part.prepend(waiting);
  }
  const [one, many] = part.dataset.rows.split(', ');
  const count = added === rows.length && added > 1 ? `${added} or more` : added;
  waiting.textContent = `${count} new ${added === 1 ? one : many}: show`;
  waiting.onclick = () => {
    part.innerHTML = next.innerHTML;
    part.querySelector('a, button')?.focus();
  };
}

// Keys: / searches, j and k go through a list, Enter opens, Esc goes back.

function rows() {
  return [...document.querySelectorAll('main tbody tr[data-key]')].filter((row) => row.querySelector('a'));
}

function select(step) {
  const all = rows();
  const now = all.findIndex((row) => row.classList.contains('current'));
  const next = all[Math.min(Math.max(now + step, 0), all.length - 1)];
  if (!next) return;
  for (const row of all) row.classList.remove('current');
  next.classList.add('current');
  next.querySelector('a').focus();
}

document.addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  const field = event.target.closest('input, select, textarea');
  if (event.key === 'Escape') {
    if (field) field.blur();
    for (const open of document.querySelectorAll('details.confirm[open]')) open.open = false;
    return;
  }
  if (field) return;
  if (event.key === '/') {
    const search = document.querySelector('input[type="search"]');
    if (!search) return;
    event.preventDefault();
    search.focus();
    search.select();
  } else if (event.key === 'j') select(1);
  else if (event.key === 'k') select(-1);
});

// A click anywhere in a row opens it, like its link.
document.addEventListener('click', (event) => {
  const row = event.target.closest('main tbody tr[data-key]');
  if (!row || event.target.closest('a, button, summary, input, form') || getSelection()?.toString()) return;
  row.querySelector('a')?.click();
});

// Copy also works on plain http, where the clipboard of the browser is not available.
document.addEventListener('click', (event) => {
  const copy = event.target.closest('[data-copy]');
  if (!copy) return;
  const area = document.createElement('textarea');
  area.value = document.getElementById(copy.dataset.copy)?.textContent ?? '';
  document.body.append(area);
  area.select();
  const done = document.execCommand('copy');
  area.remove();
  copy.focus();
  copy.textContent = done ? 'Copied' : 'Not copied';
});

// An address without the filters that are not set is easier to read.
document.addEventListener('submit', (event) => {
  if (!event.target.closest('.filter')) return;
  for (const field of event.target.elements) if (field.value === '') field.disabled = true;
});
addEventListener('pageshow', () => {
  for (const field of document.querySelectorAll('.filter :disabled')) field.disabled = false;
});

for (const own of document.querySelectorAll('[data-own-zone]')) {
  const { timeZone } = new Intl.DateTimeFormat().resolvedOptions();
  if (own.getAttribute('aria-pressed') === 'true' || !timeZone || timeZone === 'UTC') continue;
  own.value = timeZone;
  own.textContent = timeZone;
  own.hidden = false;
}
for (const hint of document.querySelectorAll('[data-needs-script]')) hint.hidden = false;

if (view) {
  show('live', 'Connecting …');
  connect();
}
