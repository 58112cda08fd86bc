import { Gauge, type Registry } from 'prom-client';
import type { RetryPolicy } from '../../workflows/callRequest.js';
import type { Log } from '../process/log.js';
import { fingerprintOf } from './fingerprintOf.js';
import { readPolicies } from './policies.js';

/** Where the retry policies come from. */
export interface PolicySource {
  /** `RINGTRUE_POLICIES`; null: there is no file. */
  path: string | null;
  /** The policies that were read at start, including the built-in ones. */
  atStart: Record<string, RetryPolicy>;
}

/**
 * Returns a function that returns the current retry policies. It checks the file at most once within
 * `checkEveryMs`. A faulty change is logged once, with every fault, and the policies before it stay in force
 * until the file is valid again.
 *
 * It polls the file, because file system events do not pass every mount, and they follow one file where
 * Kubernetes and many editors replace it. The fingerprint is taken before the file is read, so that no change
 * is missed.
 */
export function livePolicies(
  { path, atStart }: PolicySource,
  {
    log,
    metrics,
    checkEveryMs = 1000,
  }: { log: Pick<Log, 'info' | 'error'>; metrics: Registry; checkEveryMs?: number },
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
        'RINGTRUE_POLICIES has changed and cannot be used: new calls use the policies before the change.';
      log.error({ faults }, `${what} Correct the file; no restart is needed.`);
      return;
    }
    const changed = JSON.stringify(read.policies) !== JSON.stringify(policies);
    policies = read.policies;
    const names = Object.keys(policies).join(', ');
    if (before.length > 0) log.info(`RINGTRUE_POLICIES is valid again. New calls use it: ${names}.`);
    else if (changed) log.info(`RINGTRUE_POLICIES has changed. New calls use it: ${names}.`);
  }

  function now(): Record<string, RetryPolicy> {
    // The wall clock may be set back.
    const moment = performance.now();
    if (path !== null && moment - checkedAt >= checkEveryMs) {
      checkedAt = moment;
      checkFile(path);
    }
    return policies;
  }

  new Gauge({
    name: 'ringtrue_policy_faults',
    help: 'Faults in the file of retry policies since its last change; above 0, new calls use the policies before it.',
    registers: [metrics],
    collect() {
      now();
      this.set(faults.length);
    },
  });
  return now;
}
