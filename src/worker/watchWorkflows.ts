import { setTimeout as pause } from 'node:timers/promises';
import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import { type Account, configuredAccounts } from '../../activities/accounts/account.js';
import type { TwilioClients } from '../../activities/accounts/twilioClients.js';
import type { ActivityEvent } from '../../activities/deps/activityDeps.js';
import type { SearchDeps } from '../../activities/findUnclearCall.js';
import { releasePlacement } from '../../activities/releasePlacement.js';
import type { WorkflowCheck } from '../../activities/store/calls/workflowEnds.js';
import type { Log } from '../process/log.js';
import { type CallEnd, callEnd, isRunning, missingEnd } from '../temporal/callEnd.js';
import { callWorkflowType } from '../temporal/startCallWorkflow.js';
import { errorText } from '../temporal/temporalClient.js';
import { withDeadline } from '../temporal/withDeadline.js';

/**
 * The pace of all workers together, for two requests to Temporal a step: a million calls are looked through in
 * seven hours, a thousand in half a minute.
 */
const standardPace = { limit: 200, minAgeSeconds: 10, pauseSeconds: 5, restSeconds: 10 } as const;
/** Each costs two requests to Temporal, and one or two to Twilio. */
const placementsPerStep = 10;
const answersWithinMs = 5_000;
/** Calls that one query names. */
const callsPerQuery = 100;

export interface WatchParts extends Omit<SearchDeps, 'client'> {
  twilio: TwilioClients;
  temporal: Client;
  emit: (event: ActivityEvent) => void;
  log: Pick<Log, 'info' | 'warn'>;
  signal: AbortSignal;
  /** Differs in tests. */
  pace?: Partial<Record<keyof typeof standardPace, number>>;
}

/**
 * Looks for calls whose workflow ended without an outcome: terminated, failed, timed out or deleted. Nobody
 * else would notice. Records that in the store, so that lists show it, and releases what the calls hold. The
 * workers take turns. Ends with the signal.
 */
export async function watchWorkflows(parts: WatchParts): Promise<void> {
  const { log, signal } = parts;
  const { pauseSeconds } = { ...standardPace, ...parts.pace };
  let lastTrouble = '';
  while (!signal.aborted) {
    const trouble = await checkSome(parts).then(() => '', errorText);
    if (trouble !== '' && trouble !== lastTrouble)
      log.warn(`Could not look for calls whose workflow has ended: ${trouble}. ringtrue tries again.`);
    lastTrouble = trouble;
    const pauseMs = pauseSeconds * 1000 * (0.75 + Math.random() / 2);
    await pause(pauseMs, undefined, { signal, ref: false }).catch(() => {});
  }
}

async function checkSome(parts: WatchParts): Promise<void> {
  const pace = { ...standardPace, ...parts.pace };
  const checks = await parts.store.nextWorkflowChecks(pace);
  if (checks === null) return;
  const running = await runningAmong(parts, checks);
  const troubles: unknown[] = [];
  const attempt = (work: Promise<void>) => work.catch((error: unknown) => void troubles.push(error));
  for (const check of checks) {
    if (parts.signal.aborted) return;
    // What is recorded as ended is looked at again only if it may run again; a list that lags does not tell.
    const isNews = running === null || running.has(check.callId) === (check.workflowEnd !== null);
    if (isNews) await attempt(checkCall(parts, check));
  }
  // One call that cannot be read keeps no other one from being released.
  for (const account of configuredAccounts(parts.settings))
    await attempt(releasePlacements(parts, account, pace.minAgeSeconds));
  if (troubles.length > 0) throw troubles[0];
}

/**
 * The calls whose workflow runs, as far as Temporal's visibility store knows; it may lag behind. Null when it
 * cannot be asked: each call is then looked at.
 */
async function runningAmong(
  { temporal, signal }: WatchParts,
  checks: WorkflowCheck[],
): Promise<Set<string> | null> {
  // In a query, quotes and backslashes would need an escape.
  const callIds = checks.map(({ callId }) => callId).filter((callId) => !/['"\\]/.test(callId));
  const running = new Set<string>();
  for (let at = 0; at < callIds.length && !signal.aborted; at += callsPerQuery) {
    const names = callIds.slice(at, at + callsPerQuery).map((callId) => `'${callId}'`);
    const query = `WorkflowType = '${callWorkflowType}' AND ExecutionStatus = 'Running' AND WorkflowId IN (${names.join(', ')})`;
    const answered = await withDeadline(temporal, answersWithinMs, async (workflow) => {
      for await (const { workflowId } of workflow.list({ query, pageSize: callsPerQuery }))
        running.add(workflowId);
      return true;
    }).catch(() => false);
    if (!answered) return null;
  }
  return running;
}

async function checkCall(parts: WatchParts, check: WorkflowCheck): Promise<void> {
  const { store, log } = parts;
  const { callId, workflowEnd } = check;
  const end = await endOf(parts, callId);
  if (end === null) {
    if (workflowEnd !== null) await goesOn(parts, check);
    return;
  }
  // Only a database that was restored from a backup has lost an outcome that Temporal still has.
  if (end.outcome !== null) {
    // It may have been recorded since the row was read.
    if ((await store.findCallState(callId))?.outcome) return;
    await store.saveOutcome(end.outcome);
    log.warn({ callId }, 'The store had lost the outcome of a call. Temporal still had it.');
    return;
  }
  const { outcome: _, ...how } = end;
  // What Temporal forgets, the record keeps.
  if (workflowEnd?.status === how.status || (workflowEnd !== null && how.status === 'missing')) return;
  if (await store.saveWorkflowEnd(check, how)) parts.emit({ kind: 'workflow-ended', callId, ...how });
}

async function goesOn({ store, log }: WatchParts, { callId }: WorkflowCheck): Promise<void> {
  await store.forgetWorkflowEnd({ callId });
  log.info({ callId }, 'The workflow of a call that was done without an outcome goes on.');
}

/** How the workflow of a call ended; null while it runs. */
async function endOf({ temporal }: WatchParts, callId: string): Promise<CallEnd | null> {
  try {
    const description = await withDeadline(temporal, answersWithinMs, (workflow) =>
      workflow.getHandle(callId).describe(),
    );
    return isRunning(description) ? null : await callEnd(temporal, description, answersWithinMs);
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return missingEnd;
    throw error;
  }
}

/** Their calls hold a number, or a pair of numbers, that nobody will give back. */
async function releasePlacements(parts: WatchParts, account: Account, minAgeSeconds: number): Promise<void> {
  const { store, log } = parts;
  const { accountSid } = account.twilio;
  const client = parts.twilio.of(account);
  const placements = await store.placementsWithoutWorkflow({
    accountSid,
    minAgeSeconds,
    limit: placementsPerStep,
  });
  for (const placement of placements) {
    const { callId, attempt } = placement;
    if (parts.signal.aborted) return;
    // It may have been reset meanwhile.
    if ((await endOf(parts, callId)) === null) continue;
    // Twilio or the store is away, or another attempt has the call: a later step looks again.
    const found = await releasePlacement({ ...parts, client }, placement).catch(() => null);
    if (found !== null)
      log.info({ callId, attempt }, `A placement of a call whose workflow has ended is settled: ${found}.`);
  }
}
