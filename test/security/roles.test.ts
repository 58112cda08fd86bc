import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Route } from '../../src/api/http/route.js';
import { openApiDocument } from '../../src/api/openApiDocument.js';
import { routes } from '../../src/api/routes.js';
import { type Role, roles } from '../../src/config/apiTokens.js';
import { problem, useApi } from '../api/useApi.js';
import { useCallBench } from '../support/useCallBench.js';

const context = useCallBench();
const tokenOf = (role: Role) => `the-${role}-token-0123456789`;
const api = useApi(context, () => ({
  /** An account of its own: others are not to be paused. */
  accountSid: `AC${randomUUID().replaceAll('-', '')}`,
  apiTokens: [...roles.map((role) => `the ${role}er:${role}:${tokenOf(role)}`), 'a-token-without-a-name'],
}));
const bearer = (token: string) => ({ Authorization: `Bearer ${token}` });

type Operation = { security?: Record<string, string[]>[]; responses: Record<string, object> };
/** Every route that asks for a token, by what the API says of itself. */
const operations = Object.entries(
  (openApiDocument(routes, true) as { paths: Record<string, Record<string, Operation>> }).paths,
)
  .flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })),
  )
  .filter(({ operation }) => operation.security !== undefined);

/** What the contract of the API says of each role. */
function mayUse(role: Role, { method, path }: { method: string; path: string }): boolean {
  if (role === 'read') return method === 'GET';
  return role === 'admin' || !/^\/(do-not-call|invalid-numbers|dialing|erasures|codec)/.test(path);
}

const cases = operations.flatMap((one) =>
  roles.map((role) => [one.method, one.path, role, mayUse(role, one) ? 'allowed' : 'refused', one] as const),
);

/** A request whose body has a fault, so that it changes nothing where it is allowed. */
function send({ method, path }: { method: string; path: string }, token: string) {
  const faulty = method === 'GET' || method === 'DELETE' ? {} : { body: '{"no such field":1}' };
  return api.send({
    method,
    path: path.replace('{number}', '+15005550006').replace(/\{\w+\}/, `x-${randomUUID()}`),
    headers: { ...bearer(token), 'Content-Type': 'application/json' },
    ...faulty,
  });
}

describe('roles', () => {
  it.each(cases)('%s %s with the role %s: %s', async (_method, _path, role, expected, one) => {
    const answer = await send(one, tokenOf(role));
    if (expected === 'allowed') {
      expect([200, 404, 422]).toContain(answer.status);
      return;
    }
    expect(answer).toMatchObject({
      status: 403,
      headers: { 'content-type': 'application/problem+json' },
      json: problem('wrong-role', 403),
    });
    const needed = roles.filter((other) => mayUse(other, one)).join(' or ');
    expect(answer.json.detail).toBe(
      `The token the ${role}er has the role ${role}, and this request needs the role ${needed}. Send a token with that role.`,
    );
    expect(answer.text).not.toContain(tokenOf(role));
  });

  it.each(operations.map((one) => [one.method, one.path, one] as const))(
    '%s %s with a token without a name: allowed',
    async (_method, _path, one) => {
      expect([200, 404, 422]).toContain((await send(one, 'a-token-without-a-name')).status);
    },
  );

  it.each(operations.map((one) => [one.method, one.path, one] as const))(
    '%s %s: the OpenAPI document names the roles, and the 403',
    (_method, _path, one) => {
      const allowed = roles.filter((role) => mayUse(role, one));
      expect(one.operation.security).toEqual(allowed.map((role) => ({ bearer: [role] })));
      expect(one.operation).toMatchObject({
        description: expect.stringMatching(
          allowed.length === 3
            ? /Needs a token with the role read, call, or admin\.$/
            : `Needs a token with the role ${allowed.join(' or ')}\\.$`,
        ),
        responses: { 401: {}, 403: {} },
      });
    },
  );

  it('the role is too low: nothing is dialed, paused or listed', async () => {
    const request = { to: context.to, twiml: '<Response/>', lookup: 'off' };
    const { creates } = context.twilio;
    const csv = {
      path: '/batches?defaults=%7B%22twiml%22:%22%3CResponse/%3E%22%7D',
      method: 'POST',
      body: `to\n${context.to}\n`,
    };
    for (const answer of [
      await api.post('/calls', request, bearer(tokenOf('read'))),
      await api.send({ ...csv, headers: { ...bearer(tokenOf('read')), 'Content-Type': 'text/csv' } }),
      await api.post('/dialing/pause', undefined, bearer(tokenOf('call'))),
      await api.post('/do-not-call', { to: context.to }, bearer(tokenOf('call'))),
    ])
      expect(answer.status).toBe(403);
    expect(creates).toHaveLength(0);
    const admin = bearer(tokenOf('admin'));
    expect((await api.get('/dialing', admin)).json).toMatchObject({ paused: null, changes: [] });
    expect((await api.get(`/do-not-call/${context.to}`, admin)).status).toBe(404);
    expect((await api.get(`/calls?to=%2B${context.to.slice(1)}`, admin)).json.calls).toEqual([]);
  });

  it('HEAD and a slash at the end: checked like the route itself', async () => {
    for (const [method, path] of [
      ['HEAD', '/dialing'],
      ['GET', '/dialing/'],
      ['GET', '//dialing'],
    ] as const)
      expect([403, 404]).toContain(
        (await api.send({ method, path, headers: bearer(tokenOf('call')) })).status,
      );
    expect(
      (await api.send({ method: 'HEAD', path: '/dialing/', headers: bearer(tokenOf('call')) })).status,
    ).toBe(403);
  });

  it('a route that is not open and names no role: does not compile', () => {
    const parts = {
      method: 'get',
      path: '/secret',
      tag: 'Calls',
      operationId: 'secret',
      summary: '',
      answers: {},
      serve: () => (c: { body(data: null): Response }) => c.body(null),
    } as const;
    // @ts-expect-error: neither open nor roles.
    parts satisfies Route;
    // @ts-expect-error: no role at all.
    ({ ...parts, roles: [] }) satisfies Route;
    ({ ...parts, roles: ['admin'] }) satisfies Route;
  });
});
