import { X509Certificate } from 'node:crypto';
import type { TemporalSettings } from '../config/configurationReader.js';
import type { Log } from '../process/log.js';
import type { Readiness } from '../process/readiness.js';

const checkEveryMs = 60_000;
const dayMs = 86_400_000;

/**
 * Checks the client certificate with which this process connects to Temporal. It was read at start and is not
 * read again, so a renewed one needs a restart. Warns when less than a third of its time is left. `readiness`
 * is in trouble in the last tenth, but not before the last day. Does nothing without a client certificate.
 */
export function watchCertificate(
  temporal: TemporalSettings,
  parts: { readiness: Readiness; log: Pick<Log, 'warn' | 'error'>; signal: AbortSignal },
): void {
  const { tls } = temporal.connection ?? {};
  const pem = typeof tls === 'object' ? tls?.clientCertPair?.crt : undefined;
  if (!pem) return;
  const certificate = new X509Certificate(Buffer.from(pem));
  const [from, to] = [certificate.validFrom, certificate.validTo].map((text) => Date.parse(text)) as [
    number,
    number,
  ];
  const until = new Date(to).toISOString();
  const remedy = 'Renew it, and restart this process: it reads the certificate only at its start.';
  let last: 'fine' | 'soon' | 'late' = 'fine';
  const check = () => {
    const leftMs = to - Date.now();
    const now =
      leftMs < Math.min(dayMs, (to - from) / 10) ? 'late' : leftMs < (to - from) / 3 ? 'soon' : 'fine';
    const trouble = `The client certificate for Temporal ${leftMs <= 0 ? 'expired' : 'expires'} at ${until}.`;
    parts.readiness.report('temporalCertificate', now === 'late' ? `${trouble} ${remedy}` : null);
    if (now !== last && now !== 'fine') parts.log[now === 'late' ? 'error' : 'warn'](`${trouble} ${remedy}`);
    last = now;
  };
  check();
  const timer = setInterval(check, checkEveryMs);
  timer.unref();
  parts.signal.addEventListener('abort', () => clearInterval(timer), { once: true });
}
