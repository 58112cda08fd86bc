import { describe, expect, it } from 'vitest';
import { bareApi, useApi } from '../api/useApi.js';
import { useCallBench } from '../support/useCallBench.js';
import { head, raw } from './rawHttp.js';

const context = useCallBench();
const token = 'the-right-token';
const behindProxy = useApi(context, () => ({
  publicUrl: 'https://calls.example.com/ringtrue',
  apiTokens: [token],
}));
const notBefore = '2099-01-01T00:00:00Z';

/** The request as a proxy hands it on that ends TLS and takes the path off. */
function throughProxy(request: string, body: string, ...lines: string[]) {
  return raw(
    Number(new URL(behindProxy.origin).port),
    head(
      `${request} HTTP/1.1`,
      'Host: calls.example.com',
      'X-Forwarded-For: 203.0.113.9',
      'X-Forwarded-Proto: https',
      'X-Forwarded-Host: calls.example.com',
      'X-Forwarded-Prefix: /ringtrue',
      `Authorization: Bearer ${token}`,
      'Content-Type: application/json',
      `Content-Length: ${body.length}`,
      ...lines,
    ),
    body,
  );
}

describe('behind a proxy that ends TLS and takes a path off', () => {
  it('a call: its URL is public, at its start and with each control', async () => {
    const body = JSON.stringify({ to: context.to, twiml: '<Response/>', notBefore });
    const started = await throughProxy('POST /calls', body);
    const { callId, url } = JSON.parse(started.body);
    expect(url).toBe(`https://calls.example.com/ringtrue/calls/${callId}`);
    expect(started.headers.location).toBe(url);
    const canceled = await throughProxy(`POST /calls/${callId}/cancel`, '{}');
    expect([canceled.status, JSON.parse(canceled.body).url, canceled.headers.location]).toEqual([
      202,
      url,
      url,
    ]);
  });

  it('a batch: its URL is public', async () => {
    const body = JSON.stringify({
      paused: true,
      defaults: { twiml: '<Response/>', notBefore },
      calls: [{ to: context.to }],
    });
    const started = await throughProxy('POST /batches', body);
    const { batchId, url } = JSON.parse(started.body);
    expect(url).toBe(`https://calls.example.com/ringtrue/batches/${batchId}`);
    expect(started.headers.location).toBe(url);
    const canceled = await throughProxy(`POST /batches/${batchId}/cancel`, '{}');
    expect([canceled.status, canceled.headers.location]).toEqual([202, url]);
  });

  it('the proxy names its upstream in Host: the URL is public all the same', async () => {
    const answer = await behindProxy.post(
      '/calls',
      { to: context.to, twiml: '<Response/>', notBefore },
      { Authorization: `Bearer ${token}`, Host: '127.0.0.1:3000' },
    );
    expect(answer.json.url).toMatch(/^https:\/\/calls\.example\.com\/ringtrue\/calls\/call-/);
  });

  it('openapi.json: its server is where the document was loaded from', async () => {
    const { servers } = JSON.parse((await throughProxy('GET /openapi.json', '')).body);
    expect(
      servers.map(
        ({ url }: { url: string }) => new URL(url, 'https://calls.example.com/ringtrue/openapi.json').href,
      ),
    ).toEqual(['https://calls.example.com/ringtrue/']);
  });
});

describe('the public URL is not public', () => {
  it.each(['http://localhost:3000', 'http://127.0.0.1:3000', 'http://api:3000', 'http://10.0.0.7'])(
    '%s: URLs name the host that the client named',
    async (publicUrl) => {
      const api = bareApi({
        publicUrl,
        temporal: context.bench.client,
        store: context.store,
        taskQueue: context.bench.taskQueue,
        policies: () => context.bench.settings.policies(),
        defaultFrom: context.bench.settings.defaultFrom,
        accounts: context.bench.settings.accounts,
        rules: context.bench.settings,
      });
      const answer = await api.request('http://localhost:4711/calls', {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ to: context.to, twiml: '<Response/>', notBefore }),
      });
      const { callId, url } = (await answer.json()) as { callId: string; url: string };
      expect(url).toBe(`http://localhost:4711/calls/${callId}`);
    },
  );
});
