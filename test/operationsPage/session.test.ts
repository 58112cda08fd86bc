import { expect, it } from 'vitest';
import { sessionOf, tokenOfSession } from '../../src/api/operations-page/session/sessionCookie.js';
import type { ApiToken } from '../../src/config/apiTokens.js';
import { bareApi } from '../api/useApi.js';

const reader: ApiToken = { name: 'reader', role: 'read', token: 'the-token-of-the-reader' };
const admin: ApiToken = { name: 'admin', role: 'admin', token: 'the-token-of-the-admin' };
const hourMs = 3_600_000;

it('a session: belongs to its token in every process, and ends with its time, its token or its role', () => {
  const session = sessionOf(reader, 0);
  expect(session).not.toContain(reader.token);
  expect(tokenOfSession([admin, reader], session, 11 * hourMs)).toBe(reader);
  expect(tokenOfSession([admin, reader], session, 12 * hourMs)).toBeUndefined();
  expect(tokenOfSession([admin], session, 0)).toBeUndefined();
  expect(tokenOfSession([{ ...reader, role: 'admin' }], session, 0)).toBeUndefined();
  const [endsAt = '', signed = ''] = session.split('.');
  for (const forged of [`${Number(endsAt) + 1}.${signed}`, endsAt, `${endsAt}.`, `${session}.x`, '', 'x.y'])
    expect(tokenOfSession([reader], forged, 0)).toBeUndefined();
});

const api = bareApi({
  apiTokens: [`the reader:read:${reader.token}`, admin.token],
  readiness: async () => ({ ready: true, checks: {} }),
  store: {
    countUnfinished: async () => [],
    readDialing: async () => Promise.reject(new Error('not here')),
    readHealthFacts: async () => Promise.reject(new Error('not here')),
  } as never,
});
const host = 'http://127.0.0.1:3000';

function post(path: string, form: Record<string, string>, headers: Record<string, string>) {
  return api.request(`${host}${path}`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/x-www-form-urlencoded', Host: '127.0.0.1:3000', ...headers },
    body: new URLSearchParams(form).toString(),
  });
}

async function signedIn(): Promise<string> {
  const answer = await post('/', { action: 'sign-in', token: reader.token }, { Origin: host });
  expect(answer.status).toBe(303);
  const cookie = answer.headers.get('Set-Cookie') ?? '';
  expect(cookie).toMatch(/^ringtrue_session=[^;]+; Max-Age=43200; Path=\/; HttpOnly; SameSite=Strict$/);
  return cookie.split(';', 1)[0] as string;
}

it.each([
  ['its own origin', { Origin: host }, 422],
  ['the public URL', { Origin: 'https://ringtrue.example' }, 422],
  ['the host that a proxy names', { Origin: 'https://ops.example', 'X-Forwarded-Host': 'ops.example' }, 422],
  ['another origin', { Origin: 'https://evil.example' }, 403],
  ['the origin null', { Origin: 'null' }, 403],
  ['no origin', {}, 403],
  ['another port', { Origin: 'http://127.0.0.1:3001' }, 403],
  ['its own origin, but another site', { Origin: host, 'Sec-Fetch-Site': 'cross-site' }, 403],
] as const)('a form is sent from %s with the session: %j is answered %i', async (_, headers, status) => {
  const Cookie = await signedIn();
  const answer = await post('/', { action: 'no-such-action' }, { ...headers, Cookie });
  expect(answer.status).toBe(status);
  expect(await answer.text()).toContain(status === 403 ? 'Only forms of this page' : 'has no such action');
});

it('the session is sent to the JSON API: counts for nothing there', async () => {
  const Cookie = await signedIn();
  expect((await api.request(`${host}/calls`, { headers: { Cookie } })).status).toBe(401);
});

it('no session: every page asks for a token, at its own address', async () => {
  for (const path of ['/', '/ui/calls', '/ui/calls/some-id', '/ui/dialing', '/ui/nothing']) {
    const answer = await api.request(`${host}${path}`);
    expect([path, answer.status]).toEqual([path, 200]);
    const text = await answer.text();
    expect(text).toContain('<label for="field-token">token</label>');
    // Relative, so that it holds behind any path prefix.
    const depth = path.split('/').length - 2;
    expect(text).toContain(`href="${'../'.repeat(depth)}ui/files/page.css`);
  }
  expect(await (await api.request(`${host}/ui/live?view=/`)).text()).toContain('event: ended');
});

it('https: the browser sends the session over https only', async () => {
  const answer = await post(
    '/',
    { action: 'sign-in', token: reader.token },
    { Origin: 'https://ringtrue.example' },
  );
  expect(answer.headers.get('Set-Cookie')).toMatch(/; Secure/);
});

it('without tokens, through a proxy: the page says that it serves only its own machine', async () => {
  const local = bareApi();
  const headers = { 'X-Forwarded-For': '203.0.113.9' };
  for (const [path, status] of [
    ['/', 200],
    ['/ui/calls', 403],
  ] as const) {
    const answer = await local.request(`${host}${path}`, { headers });
    expect([path, answer.status]).toEqual([path, status]);
    expect(await answer.text()).toContain('serves only its own machine');
  }
  expect((await local.request(`${host}/ui/live?view=/`, { headers })).status).toBe(403);
});

it('a view that is no page of this server: not followed', async () => {
  const Cookie = await signedIn();
  for (const view of ['', 'https://evil.example/', '//evil.example', '/calls', '/ui/live', '/ui/../calls'])
    expect(
      (await api.request(`${host}/ui/live?view=${encodeURIComponent(view)}`, { headers: { Cookie } })).status,
    ).toBe(400);
});
