import { X509Certificate } from 'node:crypto';
import { Connection } from '@temporalio/client';
import { ConfigurationError, type TemporalSettings } from '../config/configurationReader.js';
import type { Log } from '../process/log.js';
import type { Readiness } from '../process/readiness.js';
import type { TemporalAccess } from './temporalAccess.js';
import { connectionOptions, errorText } from './temporalClient.js';

const checkEveryMs = 10_000;
const connectsWithinMs = 5_000;
const dayMs = 86_400_000;

/**
 * Follows the certificates with which this process connects to Temporal. If their files have changed, tries
 * them; if Temporal accepts them, `access` is renewed. Until then the ones before stay in use, and the log and
 * `readiness` say why.
 *
 * Warns when less than a third of the time of the client certificate is left. `readiness` is in trouble in the
 * last tenth, but not before the last day. Does nothing without TLS.
 */
export function watchCertificate(
  access: TemporalAccess,
  parts: {
    /** Reads the settings again. Throws if they cannot be used. */
    read: () => TemporalSettings;
    readiness: Pick<Readiness, 'report'>;
    log: Pick<Log, 'info' | 'warn' | 'error'>;
    signal: AbortSignal;
    /** Differs in tests. */
    everyMs?: number;
  },
): void {
  if (!tlsOf(access.settings)) return;
  const { readiness, log, signal } = parts;
  let lastExpiry: Expiry['level'] = 'fine';
  let lastRefusal: string | null = null;

  /** Why the renewed files cannot be used; null if there are none, or they are in use now. */
  async function renew(): Promise<string | null> {
    try {
      const tls = tlsOf(parts.read());
      const { settings } = access;
      if (!tls || JSON.stringify(tls) === JSON.stringify(tlsOf(settings))) return null;
      const renewed = { ...settings, connection: { ...settings.connection, tls } };
      await tryToConnect(renewed);
      if (signal.aborted) return null;
      access.renew(renewed);
      log.info('The certificates for Temporal were renewed. This process connects with them from now on.');
      return null;
    } catch (error) {
      return error instanceof ConfigurationError ? error.faults.join('; ') : errorText(error);
    }
  }

  async function check(): Promise<void> {
    const why = await renew();
    if (signal.aborted) return;
    const refusal =
      why &&
      `The certificate files for Temporal have changed and cannot be used: ${why.replace(/\.$/, '')}. The ones before stay in use. Correct the files; no restart is needed.`;
    if (refusal && refusal !== lastRefusal) log.error(refusal);
    if (!refusal && lastRefusal) log.info('The certificate files for Temporal can be used again.');
    lastRefusal = refusal;
    const expiry = expiryOf(access.settings);
    if (expiry.level !== lastExpiry && expiry.level !== 'fine')
      log[expiry.level === 'late' ? 'error' : 'warn'](expiry.text);
    lastExpiry = expiry.level;
    readiness.report('temporalCertificate', refusal ?? (expiry.level === 'late' ? expiry.text : null));
  }

  let checking = check();
  // One check at a time: a server that gives no answer makes it last.
  const timer = setInterval(() => {
    const next = checking.then(check);
    checking = next;
  }, parts.everyMs ?? checkEveryMs);
  timer.unref();
  signal.addEventListener('abort', () => clearInterval(timer), { once: true });
}

function tlsOf({ connection }: TemporalSettings) {
  const tls = connection?.tls;
  return typeof tls === 'object' ? tls : null;
}

async function tryToConnect(settings: TemporalSettings): Promise<void> {
  const connection = await Connection.connect({
    ...connectionOptions(settings),
    connectTimeout: connectsWithinMs,
  });
  await connection.close();
}

interface Expiry {
  level: 'fine' | 'soon' | 'late';
  text: string;
}

function expiryOf(settings: TemporalSettings): Expiry {
  const pem = tlsOf(settings)?.clientCertPair?.crt;
  if (!pem) return { level: 'fine', text: '' };
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(Buffer.from(pem));
  } catch (error) {
    return {
      level: 'late',
      text: `The client certificate for Temporal cannot be read: ${(error as Error).message}. Correct its file; no restart is needed.`,
    };
  }
  const [from, to] = [certificate.validFrom, certificate.validTo].map((text) => Date.parse(text)) as [
    number,
    number,
  ];
  const leftMs = to - Date.now();
  const verb = leftMs <= 0 ? 'expired' : 'expires';
  return {
    level: leftMs < Math.min(dayMs, (to - from) / 10) ? 'late' : leftMs < (to - from) / 3 ? 'soon' : 'fine',
    text: `The client certificate for Temporal ${verb} at ${new Date(to).toISOString()}. Renew it. This process reads a file again by itself, and a variable only at its start.`,
  };
}
