import type { Child } from 'hono/jsx';
import type { Health } from '../health/healthReader.js';
import { HealthStrip } from '../health/healthStrip.js';
import type { Shown } from '../view/page.js';
import { type Message, rootOf, type View } from '../view/view.js';
import { fileLink } from './files.js';
import { navigation } from './navigation.js';

/** A whole page: navigation, health, the result of the last action, and the page itself. */
export function Layout({ view, shown, health }: { view: View; shown: Shown; health: Health }) {
  const { client, message } = view;
  const { temporalUiUrl, accountSid } = view.tools;
  return (
    <Document title={shown.title} target={view.target} live={shown.status === undefined}>
      <header class="top">
        <a class="brand" href={view.at('/')}>
          ringtrue
        </a>
        <nav aria-label="Pages">
          <ul>
            {navigation
              .filter(({ roles }) => view.may(roles))
              .map(({ text, path }) => (
                <li>
                  <a href={view.at(path)} aria-current={isCurrent(view.target, path) ? 'page' : undefined}>
                    {text}
                  </a>
                </li>
              ))}
          </ul>
        </nav>
        <div class="session">
          <ZoneSwitch zone={view.zone} />
          {client === null ? (
            <span class="who">this machine</span>
          ) : (
            <form method="post">
              <span class="who">
                {client.name} <span class="role">{client.role}</span>
              </span>
              <button type="submit" name="action" value="sign-out" class="small">
                Sign out
              </button>
            </form>
          )}
        </div>
      </header>
      <div class="strip">
        <HealthStrip view={view} health={health} />
        <p class="live" id="live-status" role="status">
          <span data-live-text>Not live: this page shows the moment at which it was loaded.</span>
          <button type="button" class="small" data-live-button hidden>
            Pause
          </button>
        </p>
      </div>
      <main id="main" class={shown.wide ? 'wide' : undefined}>
        <h1>{shown.title}</h1>
        {message === null ? null : <MessageBox message={message} />}
        {shown.body}
      </main>
      <footer>
        <ul>
          <li>
            <a href={view.at('/docs')}>The calls API</a>
          </li>
          {temporalUiUrl === undefined ? null : (
            <li>
              <a href={temporalUiUrl}>Temporal</a>
            </li>
          )}
          <li>
            <a href={view.at('/readyz')}>Readiness</a>
          </li>
          <li class="quiet">
            Account <span class="sid">{accountSid}</span>
          </li>
          <li class="quiet">
            Keys: <kbd>/</kbd> search, <kbd>j</kbd> <kbd>k</kbd> through a list, <kbd>Esc</kbd> out of a form
          </li>
        </ul>
      </footer>
    </Document>
  );
}

/** A page without navigation: sign-in, and what is shown to those who may not see more. */
export function BarePage({
  target,
  title,
  refresh = false,
  children,
}: {
  target: string;
  title: string;
  refresh?: boolean;
  children?: Child;
}) {
  return (
    <Document title={title} target={target} live={false} refresh={refresh}>
      <main id="main" class="bare">
        <p class="brand">ringtrue</p>
        <h1>{title}</h1>
        {children}
      </main>
    </Document>
  );
}

export function MessageBox({ message: { kind, text, faults } }: { message: Message }) {
  return (
    <div class={`message ${kind}`} role={kind === 'refused' ? 'alert' : 'status'}>
      <p>
        <span aria-hidden="true">{kind === 'done' ? '✓' : '▲'}</span> {text}
      </p>
      {faults ? (
        <ul>
          {faults.map((fault) => (
            <li>
              {fault.path === '' ? null : <code>{fault.path}</code>} {fault.message}
            </li>
          ))}
        </ul>
      ) : null}
    </div>
  );
}

interface DocumentParts {
  title: string;
  target: string;
  live: boolean;
  /** The browser loads the page again at once. */
  refresh?: boolean;
  children?: Child;
}

function Document({ title, target, live, refresh = false, children }: DocumentParts) {
  const file = (name: string) => `${rootOf(target)}${fileLink(name)}`;
  return (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        {refresh ? <meta http-equiv="refresh" content="0" /> : null}
        <title>{title === 'Now' ? 'ringtrue' : `${title} · ringtrue`}</title>
        <link rel="icon" href={file('icon.svg')} type="image/svg+xml" />
        <link rel="stylesheet" href={file('page.css')} />
        <script src={file('page.js')} defer></script>
      </head>
      <body data-root={rootOf(target)} data-view={live ? target : undefined}>
        <a class="skip" href="#main">
          Skip to the content
        </a>
        {children}
      </body>
    </html>
  );
}

/** The zone that was chosen holds for all times on all pages. The script fills in the zone of the browser. */
function ZoneSwitch({ zone }: { zone: string }) {
  return (
    <form method="post" class="zone" data-zone={zone}>
      <input type="hidden" name="action" value="zone" />
      <span class="who">Times in</span>
      <button type="submit" name="zone" value="UTC" class="small" aria-pressed={String(zone === 'UTC')}>
        UTC
      </button>
      <button
        type="submit"
        name="zone"
        value={zone}
        class="small"
        aria-pressed={String(zone !== 'UTC')}
        data-own-zone
        hidden={zone === 'UTC'}
      >
        {zone === 'UTC' ? 'My zone' : zone}
      </button>
    </form>
  );
}

function isCurrent(target: string, path: string): boolean {
  const [current = '/'] = target.split('?', 1);
  return path === '/' ? current === '/' : current === path || current.startsWith(`${path}/`);
}
