import type { ApiToken, Role } from '../../../config/apiTokens.js';
import type { ApiContext, ApiTools } from '../../http/apiDependencies.js';
import { requestTarget } from '../../http/requestTarget.js';
import { zoneOf } from './zone.js';

/** What a page gets to know of the request that it answers. */
export interface View {
  tools: ApiTools;
  c: ApiContext;
  /** Path and query of the page, as this process sees them: without the path prefix of a proxy. */
  target: string;
  /** Whose session it is. Null: no tokens are set, and the browser is on this machine. */
  client: ApiToken | null;
  /** The time zone in which times are shown: `UTC`, or the one that the person chose. */
  zone: string;
  /** What the form has that was sent. Empty unless the request is a POST. */
  form: Record<string, string>;
  /** What is shown above the page: the result of the last action. */
  message: Message | null;
  /**
   * A link to a path of this server, such as `/ui/calls?state=ringing`. It is relative, so that it holds behind
   * any path prefix.
   */
  at(path: string): string;
  /** May the person use what needs one of these roles? */
  may(roles: readonly Role[]): boolean;
  /** Sends a request to the JSON API with the token of the session. So the same rules hold as for every client. */
  api<Body = unknown>(method: string, path: string, body?: object): Promise<ApiAnswer<Body>>;
}

export interface Message {
  kind: 'done' | 'refused';
  text: string;
  /** What is wrong with which field. */
  faults?: { path: string; message: string }[];
}

export type ApiAnswer<Body> = { ok: true; status: number; body: Body } | Refusal;

/** The API refused. */
export interface Refusal {
  ok: false;
  status: number;
  problem: { title: string; detail: string; faults?: { path: string; message: string }[] };
}

export function viewOf(
  tools: ApiTools,
  c: ApiContext,
  parts: { client: ApiToken | null; form: Record<string, string>; message: Message | null },
): View {
  const target = requestTarget(c);
  const { client } = parts;
  return {
    tools,
    c,
    target,
    zone: zoneOf(c),
    ...parts,
    at: (path) => linkTo(target, path),
    may: (roles) => client === null || roles.includes(client.role),
    api: <Body>(method: string, path: string, body?: object) =>
      askApi<Body>(tools, new Request(`http://localhost${path}`, requestInit(method, client, body))),
  };
}

/** What is put before paths in links of the page at this target, so that they begin at the root of this server. */
export function rootOf(target: string): string {
  const path = target.split('?', 1)[0] ?? '/';
  return '../'.repeat(path.split('/').length - 2);
}

/** A relative link from the page at this target to a path of this server. */
export function linkTo(target: string, path: string): string {
  return `${rootOf(target)}${path.replace(/^\/+/, '')}` || './';
}

function requestInit(method: string, client: ApiToken | null, body: object | undefined): RequestInit {
  return {
    method,
    headers: {
      ...(client === null ? {} : { Authorization: `Bearer ${client.token}` }),
      ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  };
}

async function askApi<Body>(tools: ApiTools, request: Request): Promise<ApiAnswer<Body>> {
  const response = await tools.inner(request);
  const { status } = response;
  const text = await response.text();
  const body: unknown = text === '' ? null : JSON.parse(text);
  if (response.ok) return { ok: true, status, body: body as Body };
  return { ok: false, status, problem: body as Refusal['problem'] };
}

const seeTheApi = / (GET|POST) \/[\w/{}-]+ [^.]*\.$/;

/** The message about a refusal, in the words of the API, without its hint at another route. */
export function refusedMessage({ problem }: Refusal): Message {
  const { detail, faults } = problem;
  return {
    kind: 'refused',
    text: faults ? 'Nothing was done. Correct this and send it again:' : detail.replace(seeTheApi, ''),
    ...(faults ? { faults } : {}),
  };
}
