import { statSync } from 'node:fs';
import { Gauge, type Registry } from 'prom-client';
import type { RetryPolicy } from '../../workflows/callRequest.js';
import type { Log } from '../process/log.js';
import { readPolicies } from './policies.js';

/** Retry policies as the configuration has them. */
export interface PolicySource {
  /** `RINGTRUE_POLICIES`; null: there is no file. */
  path: string | null;
  /** What was read at start, the built-in ones included. */
  atStart: Record<string, RetryPolicy>;
}

/**
 * The retry policies of now. Whoever asks has the file looked at, though at most once within `lookEveryMs`: a call
 * that begins later than that after a change goes by what is in the file now. A faulty change is said once, every
 * fault named, and the policies of before stay until the file is right again.
 *
 * It is asked of the file system, not told by it: notices do not come through every mount, and watch one file
 * where Kubernetes and many editors put another in its place. What tells two contents apart is taken before
 * the reading, so that nothing written in between is missed.
 */
export function livePolicies(
  { path, atStart }: PolicySource,
  {
    log,
    metrics,
    lookEveryMs: checkEveryMs = 1000,
  }: { log: Pick<Log, 'info' | 'error'>; metrics: Registry; lookEveryMs?: number },
): () => Record<string, RetryPolicy> {
  let policies = atStart;
  let faults: string[] = [];
  let lastFingerprint: string | null = null;
  let checkedAt = Number.NEGATIVE_INFINITY;

  function checkFile(file: string): void {
    const fingerprint = fingerprintOf(file);
    if (fingerprint === lastFingerprint) return;
    lastFingerprint = fingerprint;
    const before = faults;
    const read = readPolicies(file);
    faults = 'faults' in read ? read.faults : [];
    if ('faults' in read) {
      const what =
        'RINGTRUE_POLICIES has changed and cannot be used: new calls go by the policies of before.';
      log.error({ faults }, `${what} Mend the file, or put it back; no restart is needed.`);
      return;
    }
    const changed = JSON.stringify(read.policies) !== JSON.stringify(policies);
    policies = read.policies;
    const names = Object.keys(policies).join(', ');
    if (before.length > 0) log.info(`RINGTRUE_POLICIES is right again. New calls go by it: ${names}.`);
    else if (changed) log.info(`RINGTRUE_POLICIES has changed. New calls go by it: ${names}.`);
  }

  function now(): Record<string, RetryPolicy> {
    // Not the clock on the wall: that one is set back at times.
    const moment = performance.now();
    if (path !== null && moment - checkedAt >= checkEveryMs) {
      checkedAt = moment;
      checkFile(path);
    }
    return policies;
  }

  new Gauge({
    name: 'ringtrue_policy_faults',
    help: 'Faults in the file of retry policies since its last change; above 0, new calls go by the policies of before.',
    registers: [metrics],
    collect() {
      now();
      this.set(faults.length);
    },
  });
  return now;
}

/** Differs whenever the file was written or another one took its place, behind whatever links. */
function fingerprintOf(path: string): string {
  try {
    const { dev, ino, size, mtimeNs, ctimeNs } = statSync(path, { bigint: true });
    return [dev, ino, size, mtimeNs, ctimeNs].join(' ');
  } catch (error) {
    return String((error as NodeJS.ErrnoException).code);
  }
}
