import { appendFileSync, copyFileSync, mkdtempSync, readFileSync, truncateSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer } from 'node:tls';
import { afterEach, expect, inject, it, onTestFinished, vi } from 'vitest';
import { temporalSettings } from '../../src/config/configuration.js';
import { Readiness } from '../../src/process/readiness.js';
import { renewableClient } from '../../src/temporal/renewableClient.js';
import { TemporalAccess } from '../../src/temporal/temporalAccess.js';
import { watchCertificate } from '../../src/temporal/watchCertificate.js';
import { type Certificates, makeCertificates } from '../support/certificates.js';
import { startPostgres } from '../support/postgres.js';
import { RingtrueProcess, until } from '../support/ringtrueProcess.js';

const dayMs = 86_400_000;
afterEach(() => {
  vi.useRealTimers();
});

function variables({ authority, certificate, key }: Certificates) {
  return {
    TEMPORAL_TLS_SERVER_CA_CERT_PATH: authority,
    TEMPORAL_TLS_CLIENT_CERT_PATH: certificate,
    TEMPORAL_TLS_CLIENT_KEY_PATH: key,
  };
}

/** Watches, as a process with these variables does. */
function watch(env: Record<string, string>, everyMs?: number) {
  const access = new TemporalAccess(temporalSettings(env));
  const readiness = new Readiness();
  const lines: string[] = [];
  const log = {
    info: (line: string) => lines.push(`info ${line}`),
    warn: (line: string) => lines.push(`warn ${line}`),
    error: (line: string) => lines.push(`error ${line}`),
  };
  const stopping = new AbortController();
  watchCertificate(access, {
    read: () => temporalSettings(env),
    readiness,
    log: log as never,
    signal: stopping.signal,
    ...(everyMs === undefined ? {} : { everyMs }),
  });
  onTestFinished(() => stopping.abort());
  const trouble = async () => (await readiness.check()).checks.temporalCertificate;
  return { access, lines, trouble, stop: () => stopping.abort() };
}

/** With a clock that the test sets. */
function watchForDays(env: Record<string, string>) {
  vi.useFakeTimers();
  const found = watch(env);
  return {
    ...found,
    async after(days: number) {
      vi.setSystemTime(Date.now() + days * dayMs);
      await vi.advanceTimersByTimeAsync(60_000);
      return found.trouble();
    },
  };
}

it('a client certificate nears its end: first a warning, then not ready, each said once', async () => {
  const { after, lines, stop } = watchForDays(variables(makeCertificates({ days: 30 })));
  expect(await after(10)).toBe('ok');
  expect(lines).toEqual([]);
  expect(await after(11)).toBe('ok');
  expect(await after(2)).toBe('ok');
  expect(lines).toEqual([
    expect.stringMatching(
      /^warn The client certificate for Temporal expires at .*Renew it\. This process reads/,
    ),
  ]);
  expect(await after(6.5)).toMatch(/^The client certificate for Temporal expires at \S+Z\. Renew it\./);
  expect(await after(2)).toMatch(/^The client certificate for Temporal expired at /);
  expect(lines).toHaveLength(2);
  stop();
  expect(vi.getTimerCount()).toBe(0);
});

it('no TLS: no check', async () => {
  const { after } = watchForDays({});
  expect(await after(1000)).toBeUndefined();
});

it('the certificate comes from a variable instead of a file: checked too', async () => {
  const { certificate, key } = makeCertificates({ days: 30 });
  const { after } = watchForDays({
    TEMPORAL_TLS_CLIENT_CERT_DATA: readFileSync(certificate, 'utf8'),
    TEMPORAL_TLS_CLIENT_KEY_DATA: readFileSync(key, 'utf8'),
  });
  expect(await after(0)).toBe('ok');
  expect(await after(30)).toMatch(/expired at .*a variable only at its start/);
});

/** Temporal behind TLS that takes only clients with a certificate of one authority, as on Temporal Cloud. */
async function temporalWithTls(first: Certificates) {
  const temporal = new URL(`tcp://${inject('temporalAddress')}`);
  const options = ({ authority, certificate, key }: Certificates) => ({
    ca: readFileSync(authority),
    cert: readFileSync(certificate),
    key: readFileSync(key),
  });
  const sockets = new Set<Socket>();
  const server = createServer(
    { ...options(first), requestCert: true, rejectUnauthorized: true, ALPNProtocols: ['h2'] },
    (socket) => {
      const upstream = connect(Number(temporal.port), temporal.hostname);
      for (const [one, other] of [
        [socket, upstream],
        [upstream, socket],
      ] as const) {
        sockets.add(one);
        one.pipe(other);
        one.on('error', () => other.destroy());
        one.on('close', () => {
          other.destroy();
          sockets.delete(one);
        });
      }
    },
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  onTestFinished(() => {
    server.close();
    cut();
  });
  return {
    TEMPORAL_ADDRESS: `127.0.0.1:${(server.address() as { port: number }).port}`,
    /** The clients must connect again, with certificates of the other authority. */
    replace(certificates: Certificates) {
      server.setSecureContext(options(certificates));
      cut();
    },
  };
}

/** Certificates in files that are written again, as an operator or an agent renews them. */
function renewableFiles(first: Certificates) {
  const directory = mkdtempSync(join(tmpdir(), 'ringtrue-renewed-'));
  const at = (name: string) => join(directory, name);
  const files = { authority: at('ca.pem'), certificate: at('tls.crt'), key: at('tls.key') };
  const write = (certificates: Certificates, ...names: (keyof Certificates)[]) => {
    for (const name of names) copyFileSync(certificates[name], files[name]);
  };
  write(first, 'authority', 'certificate', 'key');
  return { files, write };
}

it('files are renewed: the client connects with them; while they are broken, with the ones before', async () => {
  const [old, renewed] = [makeCertificates(), makeCertificates()];
  const { replace, ...address } = await temporalWithTls(old);
  const { files, write } = renewableFiles(old);
  const { access, lines, trouble } = watch({ ...address, ...variables(files) }, 50);
  const { client, close } = renewableClient(access);
  onTestFinished(close);
  const asks = () =>
    client.withDeadline(Date.now() + 5_000, () => client.workflow.count("WorkflowType = 'nothing'"));
  const { connection } = client;
  await asks();

  write(renewed, 'certificate');
  await vi.waitFor(
    async () => expect(await trouble()).toMatch(/have changed and cannot be used.*stay in use/),
    10_000,
  );
  await asks();
  write(renewed, 'key', 'authority');
  truncateSync(files.key, 20);
  appendFileSync(files.certificate, '-----BEGIN CERTIFICATE-----');
  await new Promise((resolve) => setTimeout(resolve, 200));
  await asks();
  expect(await trouble()).toMatch(/cannot be used/);
  const errors = lines.filter((line) => line.startsWith('error'));
  expect(new Set(errors).size).toBe(errors.length);

  replace(renewed);
  await expect(asks()).rejects.toThrow();
  write(renewed, 'certificate', 'key');
  await vi.waitFor(async () => expect(await trouble()).toBe('ok'), 20_000);
  await asks();
  await connection.workflowService.getSystemInfo({});
  expect(lines.at(-2)).toMatch(/^info The certificates for Temporal were renewed/);
  expect(lines.at(-1)).toMatch(/^info The certificate files for Temporal can be used again/);
}, 60_000);

it.each(['api', 'worker'] as const)(
  '%s: connects with renewed certificates without a restart, and stops with status 0',
  async (command) => {
    const [old, renewed] = [makeCertificates(), makeCertificates()];
    const { replace, ...address } = await temporalWithTls(old);
    const { files, write } = renewableFiles(old);
    const postgres = await startPostgres();
    const process = new RingtrueProcess([command], {
      ...address,
      ...variables(files),
      DATABASE_URL: postgres.url,
      TWILIO_ACCOUNT_SID: `AC${'1'.repeat(32)}`,
      TWILIO_AUTH_TOKEN: 'the-auth-token',
      TWILIO_BASE_URL: 'http://127.0.0.1:1',
      RINGTRUE_TASK_QUEUE: 'renewed-certificates',
      [command === 'api' ? 'PORT' : 'RINGTRUE_WORKER_PORT']: '0',
    });
    onTestFinished(async () => {
      await process.stop('SIGKILL');
      await postgres.stop();
    });
    const port = async () => {
      const pattern = /http:\/\/127\.0\.0\.1:(\d+)/;
      await until(() => pattern.test(process.stderr));
      return pattern.exec(process.stderr)?.[1];
    };
    const url = `http://127.0.0.1:${await port()}/readyz`;
    const isReady = async () => (await fetch(url)).status === 200;
    await until(isReady);
    replace(renewed);
    await until(async () => !(await isReady()));
    write(renewed, 'authority', 'certificate', 'key');
    await process.prints('The certificates for Temporal were renewed');
    await until(isReady);
    if (command === 'worker') {
      const polls = 'The worker polls task queue';
      await until(() => process.stderr.split(polls).length === 3);
    }
    expect(await process.stop()).toEqual({ status: 0, signal: null });
  },
  120_000,
);
