import {
  type CallState,
  ConnectionError,
  type Dialing,
  ProblemError,
  type Ringtrue,
} from '../../client/ringtrue.js';
import { type ApiOptions, addressOf, clientOf } from '../apiOptions.js';

/** Calls of one state, newest first. */
export interface CallGroup {
  state: CallState['state'];
  calls: CallState[];
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
  ended: CallState[];
  /** Null: the token may not read it. */
  dialing: Dialing | null;
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
] as const;

const mostCalls = 200;
const endedShown = 50;
/** Each is a query of its own. */
const waitingRead = 10;
const answersWithinMs = 30_000;

/** Reads how everything stands. Throws `RingtrueError` if the calls cannot be read. */
export async function readOverview(options: ApiOptions): Promise<Overview> {
  const api = clientOf(options, { maxRetries: 0 });
  const [ended, readiness, dialing, letters, ...groups] = await Promise.all([
    api.calls.page({ state: 'done', limit: endedShown }),
    readReadiness(options),
    unlessForbidden(api.dialing.get()),
    unlessForbidden(api.deadLetters.page({ state: 'dead', limit: mostCalls })),
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
export function endOf({ outcome, workflowEnd, startedAt }: CallState): string {
  return outcome?.endedAt ?? workflowEnd?.at ?? startedAt;
}

async function groupOf(api: Ringtrue, state: (typeof liveStates)[number]): Promise<CallGroup> {
  const { calls, nextCursor } = await api.calls.page({ state, limit: mostCalls });
  return { state, calls, isMore: nextCursor !== null };
}

/** What the newest calls that wait say themselves: lists do not have it. */
async function reasonsOf(api: Ringtrue, groups: CallGroup[]): Promise<Overview['waiting']> {
  const waiting = groups
    .filter(({ state }) => state === 'waiting' || state === 'placing')
    .flatMap(({ calls }) => calls)
    .slice(0, waitingRead);
  const read = await Promise.all(waiting.map(({ callId }) => api.calls.get(callId).catch(() => null)));
  const counts = new Map<string, number>();
  for (const call of read) {
    const message = call?.stale ? 'a worker: none answers' : call?.waitingFor;
    if (message) counts.set(message, (counts.get(message) ?? 0) + 1);
  }
  const reasons = [...counts].map(([message, count]) => ({ message, count }));
  return { reasons: reasons.sort((a, b) => b.count - a.count), of: waiting.length };
}

/** Whether the API can serve, and what is wrong with its parts. It answers 503 with them if it cannot. */
async function readReadiness({ api, token }: ApiOptions): Promise<string[]> {
  const baseUrl = addressOf(api);
  let status: number;
  let answer: { ready?: unknown; checks?: Record<string, string> } | null;
  try {
    const response = await fetch(`${baseUrl}/readyz`, {
      headers: token ? { Authorization: `Bearer ${token}` } : {},
      signal: AbortSignal.timeout(answersWithinMs),
    });
    status = response.status;
    answer = (await response.json().catch(() => null)) as typeof answer;
  } catch (error) {
    throw new ConnectionError(baseUrl, error);
  }
  if (typeof answer?.ready !== 'boolean')
    throw new ProblemError({ baseUrl, status, problem: null, retryAfterSeconds: null, mayBeDone: false });
  const troubles = Object.entries(answer.checks ?? {}).filter(([, text]) => text !== 'ok');
  if (troubles.length === 0 && !answer.ready) return ['the API is not ready'];
  return troubles.map(([part, text]) => `${part}: ${text}`);
}

async function unlessForbidden<T>(answer: Promise<T>): Promise<T | null> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof ProblemError && error.status === 403) return null;
    throw error;
  }
}
