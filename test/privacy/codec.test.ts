import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { Client } from '@temporalio/client';
import { describe, expect, inject, it } from 'vitest';
import { problem, useApi } from '../api/useApi.js';
import { useCallBench } from '../support/useCallBench.js';
import { encryptionWith, newKey } from './testKeys.js';

const run = promisify(execFile);
const token = 'an-admin-token-0123456789';
const origin = 'https://temporal.example.com';
const encryption = encryptionWith(newKey('present'), newKey('past'));
const stranger = encryptionWith(newKey('stranger'));
const context = useCallBench({}, { encryption });
const api = useApi(context, () => ({
  encryption,
  apiTokens: [`ops:admin:${token}`, 'shop:call:a-call-token-0123456789'],
  codecOrigins: [origin],
}));
const keyless = useApi(context, () => ({
  temporal: new Client({
    connection: context.bench.client.connection,
    dataConverter: stranger.dataConverter,
  }),
}));
const admin = { Authorization: `Bearer ${token}` };

const json = (value: unknown) => ({
  metadata: { encoding: Buffer.from('json/plain').toString('base64') },
  data: Buffer.from(JSON.stringify(value)).toString('base64'),
});

async function temporal(...words: string[]): Promise<string> {
  const { stdout } = await run(inject('temporalCliPath'), [
    ...words,
    '--address',
    inject('temporalAddress'),
    '--output',
    'json',
  ]);
  // In JSON the CLI shows data as base64.
  return stdout.replaceAll(/"data": "([^"]*)"/g, (_, data) => Buffer.from(data, 'base64').toString());
}

describe('the codec endpoint', () => {
  it("Temporal's CLI with the endpoint and a token: shows what it hides without them", async () => {
    const call = await context.bench.start({ to: context.to, metadata: { patient: 'Anna Miller' } });
    await call.until((state) => state.state === 'queued');
    const where = ['--codec-endpoint', `${api.origin}/codec`, '--codec-auth', `Bearer ${token}`];
    const hidden = await temporal('workflow', 'show', '--workflow-id', call.callId);
    expect(hidden).not.toContain('Anna');
    expect(hidden).not.toContain(context.to);
    const shown = await temporal('workflow', 'show', '--workflow-id', call.callId, ...where);
    expect(shown).toContain('Anna Miller');
    expect(shown).toContain(context.to);
    const query = ['workflow', 'query', '--workflow-id', call.callId, '--type', 'state', ...where];
    expect(JSON.parse(await temporal(...query)).queryResult[0]).toMatchObject({ to: context.to });
    await call.handle.terminate();
  });

  it('what it encrypts: names the first key, and is decrypted to the same', async () => {
    const payloads = [json({ to: '+12065550123' }), json('plain')];
    const encoded = await api.post('/codec/encode', { payloads }, admin);
    expect(encoded.text).not.toContain(payloads[0]?.data);
    const keyId = Buffer.from(encoded.json.payloads[0].metadata['encryption-key-id'], 'base64').toString();
    expect(keyId).toBe('present');
    const decoded = await api.post('/codec/decode', encoded.json, admin);
    expect(decoded).toMatchObject({ status: 200, headers: { 'cache-control': 'no-store' } });
    expect(decoded.json).toEqual({ payloads });
    // Not encrypted: as it came.
    expect((await api.post('/codec/decode', { payloads }, admin)).json).toEqual({ payloads });
  });

  it('no token, a lower role, a body that is none, a key that is gone: refused', async () => {
    expect((await api.post('/codec/decode', { payloads: [] })).status).toBe(401);
    const call = { Authorization: 'Bearer a-call-token-0123456789' };
    expect((await api.post('/codec/decode', { payloads: [] }, call)).json).toMatchObject(
      problem('wrong-role', 403),
    );
    expect((await api.post('/codec/decode', { payloads: [{ data: '?' }] }, admin)).status).toBe(422);
    const [payload] = await stranger.codec.encode([{ data: Buffer.from('x'), metadata: {} }]);
    const base64 = (bytes?: Uint8Array | null) => Buffer.from(bytes ?? []).toString('base64');
    const metadata = Object.entries(payload?.metadata ?? {}).map(([name, value]) => [name, base64(value)]);
    const body = {
      payloads: [json(1), { metadata: Object.fromEntries(metadata), data: base64(payload?.data) }],
    };
    expect((await api.post('/codec/decode', body, admin)).json.faults).toEqual([
      {
        path: 'payloads.1',
        message:
          'is encrypted with the key stranger, which RINGTRUE_ENCRYPTION_KEYS of the API does not have',
      },
    ]);
  });

  it("a page of Temporal's UI: may ask; a page of another origin may not", async () => {
    const preflight = (from: string) =>
      api.send({
        path: '/codec/decode',
        method: 'OPTIONS',
        headers: {
          Origin: from,
          'Access-Control-Request-Method': 'POST',
          'Access-Control-Request-Headers': 'authorization,content-type,x-namespace',
        },
      });
    expect(await preflight(origin)).toMatchObject({
      status: 204,
      headers: {
        'access-control-allow-origin': origin,
        'access-control-allow-headers': 'authorization,content-type,x-namespace',
      },
    });
    expect((await preflight('https://evil.example')).headers['access-control-allow-origin']).toBeUndefined();
    const answer = await api.post('/codec/decode', { payloads: [] }, { ...admin, Origin: origin });
    expect(answer).toMatchObject({ status: 200, headers: { 'access-control-allow-origin': origin } });
    const other = await api.get('/calls', { ...admin, Origin: origin });
    expect(other.headers['access-control-allow-origin']).toBeUndefined();
  });
});

describe('an API that lacks the key of a call', () => {
  it('a recorded call: its record, with the key that is missing; else 503 names the key', async () => {
    const call = await context.bench.start({ to: context.to }, undefined, { requestedBy: 'shop' });
    await call.until((state) => state.state === 'queued');
    expect((await keyless.get(`/calls/${call.callId}`)).json).toMatchObject({
      callId: call.callId,
      stale: true,
      waitingFor: expect.stringContaining('the key present, which RINGTRUE_ENCRYPTION_KEYS'),
    });
    const control = await keyless.post(`/calls/${call.callId}/cancel`);
    expect(control.json).toMatchObject(problem('key-missing', 503));
    expect(control.json.detail).toContain('the key present, which');
    await call.handle.terminate();
  });
});
