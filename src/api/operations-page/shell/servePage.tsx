import { deleteCookie, getCookie, setCookie } from 'hono/cookie';
import { html as markup } from 'hono/html';
import type { ApiToken } from '../../../config/apiTokens.js';
import type { ApiContext, ApiTools } from '../../http/apiDependencies.js';
import { problemOf } from '../../http/problem.js';
import { requestTarget } from '../../http/requestTarget.js';
import type { HealthReader } from '../health/healthReader.js';
import { whyNotOwnOrigin } from '../session/ownOrigin.js';
import { endSession, readSession, startSession } from '../session/sessionCookie.js';
import type { ActionResult, Page, PageAction, Shown } from '../view/page.js';
import { linkTo, type Message, type View, viewOf } from '../view/view.js';
import { knownZone, zoneCookie } from '../view/zone.js';
import { BarePage, Layout } from './layout.js';
import { SignInPage } from './signInPage.js';

export interface Shell {
  tools: ApiTools;
  health: HealthReader;
}

/** The result of an action, for the page that follows it. */
const messageCookie = 'ringtrue_message';
const yearSeconds = 365 * 86_400;

/** Serves GET and POST of a page, with all that is the same for every page. */
export function servePage(shell: Shell, page: Page) {
  const { tools } = shell;
  return async (c: ApiContext): Promise<Response> => {
    c.header('Cache-Control', 'no-store');
    try {
      const notLocal = await refusedElsewhere(tools, c);
      if (notLocal !== null) return notLocal;
      if (c.req.method !== 'POST') return await answer(shell, c, page, {});
      const foreign = whyNotOwnOrigin(c, tools.publicUrl);
      if (foreign !== null)
        return html(
          c,
          <BarePage target={requestTarget(c)} title="Nothing was done">
            <p>
              This request {foreign}. Only forms of this page may change anything. Open the page at its own
              address, and try again there.
            </p>
            <p>
              <a href={linkTo(requestTarget(c), '/')}>Open the page</a>
            </p>
          </BarePage>,
          403,
        );
      return await answer(shell, c, page, await readForm(c));
    } catch (error) {
      return failedPage(c, problemOf(c, error, tools.log));
    }
  };
}

/** Without tokens the page serves only this machine, as the API does. The front page then says so. */
async function refusedElsewhere({ access, apiTokens }: ApiTools, c: ApiContext): Promise<Response | null> {
  if (apiTokens.length > 0 || access.admits(c)) return null;
  const target = requestTarget(c);
  return html(
    c,
    <BarePage target={target} title="This page serves only its own machine">
      <p>
        Set <code>RINGTRUE_API_TOKENS</code>, and sign in with one of the tokens. Or open the page on the
        machine on which it runs, directly at <code>localhost</code>.
      </p>
    </BarePage>,
    target === '/' && c.req.method !== 'POST' ? 200 : 403,
  );
}

async function answer(
  shell: Shell,
  c: ApiContext,
  page: Page,
  form: Record<string, string>,
): Promise<Response> {
  const { tools } = shell;
  if (form.action === 'sign-in' && tools.apiTokens.length > 0) return signIn(tools, c, form.token ?? '');
  const session = tools.apiTokens.length === 0 ? null : readSession(c, tools.apiTokens);
  if (session === 'none' || session === 'ended') return askToSignIn(c, session);
  if (form.action === 'sign-out') {
    endSession(c);
    return c.redirect(linkTo(requestTarget(c), '/'), 303);
  }
  if (form.action === 'zone') return setZone(c, form.zone ?? '');
  const view = viewOf(tools, c, { client: session, form, message: takeMessage(c) });
  if (!view.may(page.roles))
    return show(shell, view, {
      title: 'Not with this token',
      status: 403,
      body: `${whoMayNot(session)} This page needs the role ${page.roles.join(' or ')}. Sign out, and sign in with such a token.`,
    });
  if (c.req.method !== 'POST') return show(shell, view, await page.show(view));
  const { status, ...result } = await act(page, view);
  shell.health.forget();
  if ('done' in result) {
    giveMessage(c, { kind: 'done', text: result.done });
    return c.redirect(view.at(result.to ?? view.target), 303);
  }
  const message: Message = 'here' in result ? { kind: 'done', text: result.here } : result.refused;
  const after = { ...view, message };
  const shown = await page.show(after);
  return show(shell, after, { ...shown, status: shown.status ?? ('here' in result ? 200 : status) });
}

type Result = ActionResult & { status: 403 | 409 | 422 };

async function act(page: Page, view: View): Promise<Result> {
  const { action = '', confirmed } = view.form;
  const known = Object.hasOwn(page.actions ?? {}, action)
    ? (page.actions?.[action] as PageAction)
    : undefined;
  const refuse = (status: Result['status'], text: string): Result => ({
    status,
    refused: { kind: 'refused', text },
  });
  if (known === undefined) return refuse(422, 'This page has no such action. Nothing was done.');
  if (!view.may(known.roles))
    return refuse(
      403,
      `${whoMayNot(view.client)} This needs the role ${known.roles.join(' or ')}. Nothing was done.`,
    );
  if (known.confirmed && confirmed !== 'yes')
    return refuse(422, 'This was not confirmed, so nothing was done. Press the button, and confirm it.');
  return { status: 409, ...(await known.run(view)) };
}

function whoMayNot(client: ApiToken | null): string {
  return client === null ? '' : `The token ${client.name} has the role ${client.role}.`;
}

async function show(
  { health }: Shell,
  view: View,
  shown: Omit<Shown, 'status'> & { status?: number },
): Promise<Response> {
  return html(
    view.c,
    <Layout view={view} shown={shown as Shown} health={await health.read()} />,
    shown.status ?? 200,
  );
}

function askToSignIn(c: ApiContext, session: 'none' | 'ended'): Response | Promise<Response> {
  const target = requestTarget(c);
  // Whoever follows a link of another site has a session, and the browser does not send it: it is SameSite=Strict.
  // It sends it when this page loads itself again. Source: W3C, Fetch Metadata Request Headers.
  if (session === 'none' && c.req.method === 'GET' && c.req.header('Sec-Fetch-Site') === 'cross-site')
    return html(c, <BarePage target={target} title="Loading …" refresh />, 200);
  const wasSent = c.req.method === 'POST' ? ' What you sent was not done.' : '';
  const text = `Your session has ended.${wasSent} Sign in again: you come back to where you were.`;
  return html(
    c,
    <SignInPage target={target} message={session === 'ended' ? { kind: 'refused', text } : null} />,
    c.req.method === 'POST' ? 401 : 200,
  );
}

async function signIn(tools: ApiTools, c: ApiContext, text: string): Promise<Response> {
  const target = requestTarget(c);
  const found = await tools.access.recognize(c, text.trim());
  if (found instanceof Response) {
    const { detail } = (await found.json()) as { detail: string };
    return html(c, <SignInPage target={target} message={{ kind: 'refused', text: detail }} />, found.status);
  }
  startSession(c, found, { secure: c.req.header('Origin')?.startsWith('https:') === true });
  tools.log.info({ client: found.name }, 'signed in to the operations page');
  return c.redirect(linkTo(target, target), 303);
}

function setZone(c: ApiContext, name: string): Response {
  const zone = knownZone(name) ?? 'UTC';
  setCookie(c, zoneCookie, zone, { path: '/', httpOnly: true, sameSite: 'Lax', maxAge: yearSeconds });
  const target = requestTarget(c);
  return c.redirect(linkTo(target, target), 303);
}

function giveMessage(c: ApiContext, { text }: Message): void {
  setCookie(c, messageCookie, text, { path: '/', httpOnly: true, sameSite: 'Strict', maxAge: 60 });
}

function takeMessage(c: ApiContext): Message | null {
  const text = getCookie(c, messageCookie);
  if (text === undefined || c.req.method === 'POST') return null;
  deleteCookie(c, messageCookie, { path: '/' });
  return { kind: 'done', text };
}

/** The fields of the form. Files, and fields that come several times, are left out. */
async function readForm(c: ApiContext): Promise<Record<string, string>> {
  const body = await c.req.parseBody();
  return Object.fromEntries(
    Object.entries(body).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}

async function failedPage(c: ApiContext, answered: Response): Promise<Response> {
  const { title, detail, requestId } = (await answered.json()) as Record<string, string>;
  const target = requestTarget(c);
  return html(
    c,
    <BarePage target={target} title={title ?? 'Something went wrong'}>
      <p>{detail}</p>
      <p class="quiet">
        Request <code>{requestId}</code>
      </p>
      <p>
        <a href={linkTo(target, target)}>Try again</a>
      </p>
    </BarePage>,
    answered.status,
  );
}

async function html(c: ApiContext, page: ReturnType<typeof Layout>, status: number): Promise<Response> {
  return c.html(markup`<!doctype html>${page}`, status as 200);
}
