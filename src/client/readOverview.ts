import type { DialingState } from '../../activities/store/placements/dialingControl.js';
import type { CallStateName } from '../../workflows/callOutcome.js';
import type { CallAnswer } from '../api/calls/callAnswer.js';
import { type ApiClient, ApiRefusal } from './apiClient.js';

/** Calls of one state, newest first. */
export interface CallGroup {
  state: CallStateName;
  calls: CallAnswer[];
  /** There are more calls of this state than the API gives at once. */
  isMore: boolean;
}

/** One reason for which calls do not ring yet. */
export interface WaitingReason {
  count: number;
  message: string;
}

/** How the calls and the deployment stand at one moment. */
export interface Overview {
  at: Date;
  groups: CallGroup[];
  waiting: { reasons: WaitingReason[] /** Of so many calls; all others were not read. */; of: number };
  /** The calls that ended last, newest first. */
  ended: CallAnswer[];
  /** Null: the token may not read it. */
  dialing: DialingState | null;
  /** Empty: all is well. */
  troubles: string[];
  /** Undelivered notifications; null: not known. */
  deadLetters: { count: number; isMore: boolean } | null;
}

/** States of calls under way, in the order of a call's life. */
const liveStates = [
  'looking-up',
  'waiting',
  'placing',
  'queued',
  'ringing',
  'in-progress',
  'waiting-to-retry',
  'recording',
] as const satisfies CallStateName[];

const mostCalls = 200;
const endedShown = 50;
/** Each is a query of its own. */
const waitingRead = 10;

/** Reads how everything stands. Throws `ApiRefusal` if the calls cannot be read. */
export async function readOverview(api: ApiClient): Promise<Overview> {
  const [ended, readiness, dialing, letters, ...groups] = await Promise.all([
    api.list({ state: 'done', limit: String(endedShown) }),
    readReadiness(api),
    unlessForbidden(api.send<DialingState>('GET', '/dialing')),
    unlessForbidden(api.deadLetters({ state: 'dead', limit: String(mostCalls) })),
    ...liveStates.map((state) => groupOf(api, state)),
  ]);
  return {
    at: new Date(),
    groups,
    waiting: await reasonsOf(api, groups),
    ended: ended.calls.sort((a, b) => (endOf(a) < endOf(b) ? 1 : -1)),
    dialing,
    troubles: readiness,
    deadLetters: letters && { count: letters.deadLetters.length, isMore: letters.nextCursor !== null },
  };
}

/** When the call ended, ISO 8601. */
export function endOf({ outcome, workflowEnd, startedAt }: CallAnswer): string {
  return outcome?.endedAt ?? workflowEnd?.at ?? startedAt;
}

async function groupOf(api: ApiClient, state: CallStateName): Promise<CallGroup> {
  const { calls, nextCursor } = await api.list({ state, limit: String(mostCalls) });
  return { state, calls, isMore: nextCursor !== null };
}

/** What the newest calls that wait say themselves: lists do not have it. */
async function reasonsOf(api: ApiClient, groups: CallGroup[]): Promise<Overview['waiting']> {
  const waiting = groups
    .filter(({ state }) => state === 'waiting' || state === 'placing')
    .flatMap(({ calls }) => calls)
    .slice(0, waitingRead);
  const read = await Promise.all(waiting.map(({ callId }) => api.get(callId).catch(() => null)));
  const counts = new Map<string, number>();
  for (const call of read) {
    const message = call?.stale ? 'a worker: none answers' : call?.waitingFor;
    if (message) counts.set(message, (counts.get(message) ?? 0) + 1);
  }
  const reasons = [...counts].map(([message, count]) => ({ message, count }));
  return { reasons: reasons.sort((a, b) => b.count - a.count), of: waiting.length };
}

async function readReadiness(api: ApiClient): Promise<string[]> {
  const answer = await api.readiness();
  const troubles = Object.entries(answer.checks ?? {}).filter(([, text]) => text !== 'ok');
  if (troubles.length === 0 && !answer.ready) return ['the API is not ready'];
  return troubles.map(([part, text]) => `${part}: ${text}`);
}

async function unlessForbidden<T>(answer: Promise<T>): Promise<T | null> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof ApiRefusal && error.status === 403) return null;
    throw error;
  }
}
