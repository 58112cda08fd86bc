import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { problems } from '../../src/api/http/problem.js';
import { openApiDocument } from '../../src/api/openApiDocument.js';
import { routes } from '../../src/api/routes.js';
import { useCallBench } from '../support/useCallBench.js';
import { bareApi, useApi } from './useApi.js';

const context = useCallBench();
const api = useApi(context);

// biome-ignore lint/suspicious/noExplicitAny: an OpenAPI document is looked into at many places.
type Json = any;

describe('GET /openapi.json', () => {
  const document: Json = openApiDocument(routes, true);
  const operations = Object.entries<Record<string, Json>>(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  );

  it('the document is served', async () => {
    expect((await api.get('/openapi.json')).json).toEqual(openApiDocument(routes, false));
  });

  it('the document has every route and no other', () => {
    const app = bareApi();
    const served = app.routes
      .filter(({ method, path }) => method !== 'ALL' && path !== '/docs/:file')
      // What the operations page consists of: for browsers, not for programs.
      .filter(({ method, path }) => !path.startsWith('/ui/') && `${method} ${path}` !== 'POST /')
      .map(({ method, path }) => `${method} ${path.replaceAll(/:(\w+)/g, '{$1}')}`);
    expect(operations.map(({ path, method }) => `${method.toUpperCase()} ${path}`).sort()).toEqual(
      served.sort(),
    );
  });

  it('every reference has its schema, and every schema is used', () => {
    const text = JSON.stringify(document);
    const references = new Set(
      [...text.matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g)].map(([, name]) => name),
    );
    expect(references).toEqual(new Set(Object.keys(document.components.schemas)));
    expect(text).not.toContain('$defs');
  });

  it.each(operations.map((one) => [`${one.method.toUpperCase()} ${one.path}`, one] as const))(
    '%s: has an id, a summary, answers with a description, and its path parameters',
    (_, { path, operation }) => {
      expect(operation).toMatchObject({
        operationId: expect.any(String),
        summary: expect.any(String),
        tags: [expect.any(String)],
      });
      const named = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      const described = (operation.parameters ?? [])
        .filter((p: { in: string }) => p.in === 'path')
        .map((p: { name: string }) => p.name);
      expect(described).toEqual(named);
      for (const answer of Object.values<Record<string, unknown>>(operation.responses))
        expect(answer.description).toEqual(expect.any(String));
    },
  );

  it('docs/api.md names every route and every problem', () => {
    const text = readFileSync(new URL('../../docs/api.md', import.meta.url), 'utf8');
    for (const { path, method } of operations) expect(text).toContain(`\`${method.toUpperCase()} ${path}\``);
    for (const name of Object.keys(problems)) expect(text).toContain(`\`${name}\``);
  });

  it('ids of operations are unique', () => {
    expect(new Set(operations.map(({ operation }) => operation.operationId)).size).toBe(operations.length);
  });

  it('tokens are set: exactly the protected routes need one', () => {
    const secured = operations.filter(({ operation }) => operation.security).map(({ path }) => path);
    expect(new Set(secured)).toEqual(
      new Set([
        '/calls',
        '/calls/{callId}',
        '/calls/{callId}/cancel',
        '/calls/{callId}/retry',
        '/calls/{callId}/pause',
        '/calls/{callId}/resume',
        '/calls/{callId}/reschedule',
        '/events',
        '/do-not-call',
        '/do-not-call/export.csv',
        '/do-not-call/purge',
        '/do-not-call/removals',
        '/do-not-call/{number}',
        '/invalid-numbers',
        '/invalid-numbers/{number}',
        '/dialing',
        '/dialing/limits',
        '/dialing/pause',
        '/dialing/resume',
        '/dead-letters',
        '/dead-letters/{id}/resend',
        '/batches',
        '/batches/{batchId}',
        '/batches/{batchId}/results',
        '/batches/{batchId}/results.csv',
        '/batches/{batchId}/pause',
        '/batches/{batchId}/resume',
        '/batches/{batchId}/cancel',
        '/redials',
        '/erasures',
        '/erasures/{id}',
        '/codec/decode',
        '/codec/encode',
        '/bulk-operations',
        '/bulk-operations/{operationId}',
        '/bulk-operations/{operationId}/stop',
        '/statistics',
        '/statistics/waiting',
        '/metrics',
      ]),
    );
    expect(JSON.stringify(openApiDocument(routes, false))).not.toMatch(/bearer|"401"/);
  });

  it('the example of a CallRequest is accepted, and a number has its pattern', async () => {
    const { CallRequest } = document.components.schemas;
    expect(CallRequest.properties.to.pattern).toBe('^\\+[1-9]\\d{1,14}$');
    expect(CallRequest.additionalProperties).toBe(false);
    const answer = await api.post('/calls', { ...CallRequest.example, notBefore: '2099-01-01T00:00:00Z' });
    expect(answer.status).toBe(202);
  });
});
