import { readFileSync } from 'node:fs';
import { afterEach, expect, it, vi } from 'vitest';
import { workerConfiguration } from '../../src/config/configuration.js';
import { Readiness } from '../../src/process/readiness.js';
import { watchCertificate } from '../../src/temporal/watchCertificate.js';
import { makeCertificates } from '../support/certificates.js';

const dayMs = 86_400_000;
afterEach(() => vi.useRealTimers());

/** Watches a certificate for 30 days, as the configuration reads it, with a clock that the test sets. */
function watch(files: { certificate: string; key: string } | null) {
  vi.useFakeTimers();
  const { temporal } = workerConfiguration({
    TWILIO_ACCOUNT_SID: `AC${'1'.repeat(32)}`,
    TWILIO_AUTH_TOKEN: 'token',
    RINGTRUE_PUBLIC_URL: 'https://calls.example.com',
    DATABASE_URL: 'postgres://db/x',
    ...(files && {
      TEMPORAL_TLS_CLIENT_CERT_PATH: files.certificate,
      TEMPORAL_TLS_CLIENT_KEY_PATH: files.key,
    }),
  });
  const readiness = new Readiness();
  const lines: string[] = [];
  const log = {
    warn: (line: string) => lines.push(`warn ${line}`),
    error: (line: string) => lines.push(`error ${line}`),
  };
  const stopping = new AbortController();
  watchCertificate(temporal, { readiness, log: log as never, signal: stopping.signal });
  return {
    lines,
    stop: () => stopping.abort(),
    async after(days: number) {
      vi.setSystemTime(Date.now() + days * dayMs);
      await vi.advanceTimersByTimeAsync(60_000);
      return (await readiness.check()).checks.temporalCertificate;
    },
  };
}

it('a client certificate nears its end: first a warning, then not ready, each said once', async () => {
  const { after, lines, stop } = watch(makeCertificates({ days: 30 }));
  expect(await after(10)).toBe('ok');
  expect(lines).toEqual([]);
  expect(await after(11)).toBe('ok');
  expect(await after(2)).toBe('ok');
  expect(lines).toEqual([
    expect.stringMatching(/^warn The client certificate for Temporal expires at .*restart this process/),
  ]);
  expect(await after(6.5)).toMatch(
    /^The client certificate for Temporal expires at \S+Z\. Renew it, and restart/,
  );
  expect(await after(2)).toMatch(/^The client certificate for Temporal expired at /);
  expect(lines).toHaveLength(2);
  stop();
  expect(vi.getTimerCount()).toBe(0);
});

it('no client certificate: no check', async () => {
  const { after } = watch(null);
  expect(await after(1000)).toBeUndefined();
});

it('the certificate comes from a variable instead of a file: checked too', async () => {
  const { certificate, key } = makeCertificates({ days: 30 });
  vi.useFakeTimers();
  const readiness = new Readiness();
  watchCertificate(
    {
      connection: { tls: { clientCertPair: { crt: readFileSync(certificate), key: readFileSync(key) } } },
      namespace: 'default',
      address: 'temporal:7233',
    },
    { readiness, log: { warn() {}, error() {} } as never, signal: new AbortController().signal },
  );
  expect((await readiness.check()).checks).toEqual({ temporalCertificate: 'ok' });
});
