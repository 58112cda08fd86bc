import type { OutcomeStore } from '../../../activities/store/outcomeStore.js';
import { type Capacity, dialLimitsOf } from '../../../activities/store/placements/dialLimits.js';
import type {
  WaitingGroup,
  WaitingReason,
  WaitingRows,
} from '../../../activities/store/statistics/waitingCalls.js';
import type { ApiTools } from '../http/apiDependencies.js';

/** One reason for which calls are not ringing. */
export interface WaitingEntry {
  /** `batch` and `batch-paused` count rows of batches that are not calls yet. */
  by: WaitingReason | WaitingRows['by'];
  count: number;
  /** What they wait for, as a sentence. */
  message: string;
  /** Somebody must look after it: these calls do not ring as they should. */
  isWrong: boolean;
  /** They go on without anybody doing anything. */
  clearsByItself: boolean;
  /** ISO 8601: when the first of them goes on at the earliest, as far as is known; null: nobody knows. */
  clearsAt: string | null;
  whatToDo: string;
  /** When the oldest of these calls was requested, ISO 8601; null of rows. */
  oldestStartedAt: string | null;
  /** The query of `GET /calls` that lists them; null of rows. */
  query: string | null;
}

export interface WaitingReport {
  /** Calls that wait, and rows of batches that wait to become calls. */
  total: number;
  entries: WaitingEntry[];
}

type Text = Pick<WaitingEntry, 'message' | 'isWrong' | 'clearsByItself' | 'whatToDo'>;

const nothing = 'Nothing. They go on by themselves.';
const byTime = (message: string, whatToDo = nothing): Text => ({
  message,
  isWrong: false,
  clearsByItself: true,
  whatToDo,
});
const wrong = (message: string, whatToDo: string, clearsByItself = true): Text => ({
  message,
  isWrong: true,
  clearsByItself,
  whatToDo,
});
const person = (message: string, whatToDo: string): Text => ({
  message,
  isWrong: false,
  clearsByItself: false,
  whatToDo,
});

const paused = person(
  'An operator paused all dialing.',
  'Resume dialing when the reason for the pause is gone: POST /dialing/resume.',
);
const breaker = wrong(
  'The circuit breaker is open: Twilio or the account failed too often.',
  'Fix what GET /dialing names. ringtrue tests with one call at a time, and goes on when a test succeeds. POST /dialing/resume closes the breaker at once.',
);
const accountLimit = byTime(
  'As many calls of the account are in flight as may be.',
  'Nothing, or raise callsInFlight with PATCH /dialing/limits if Twilio allows more.',
);
const rateLimit = byTime(
  'The rate limit: so many calls are placed per second and no more.',
  'Nothing, or raise callsPerSecond with PATCH /dialing/limits if Twilio allows more.',
);

const texts: Record<Exclude<WaitingEntry['by'], 'dial-queue'>, Text> = {
  lookup: byTime(
    'Their requests are being checked, and Lookup is asked.',
    'Nothing. If the oldest is older than a minute, check Lookup and the workers: GET /readyz of a worker.',
  ),
  'not-before': byTime(
    'Their notBefore has not come.',
    'Nothing, or reschedule them: POST /calls/{callId}/reschedule.',
  ),
  rescheduled: byTime('Somebody rescheduled their next attempt.'),
  retry: byTime(
    'An attempt failed, and the retry policy waits before the next one.',
    'Nothing, or dial again now: POST /calls/{callId}/retry.',
  ),
  'calling-window': byTime(
    'Their calling window is closed.',
    'Nothing. Their phones may not ring at this hour.',
  ),
  'paused-call': person('Somebody paused these calls.', 'Resume them: POST /calls/{callId}/resume.'),
  paused,
  breaker,
  'number-in-flight': byTime('Another call to the same number is in flight.'),
  'pair-in-progress': byTime('Another call between the same two numbers is being placed.'),
  'contact-limit': byTime(
    'Their numbers were called as often as they may be.',
    'Nothing, or raise contactsPerNumber with PATCH /dialing/limits.',
  ),
  'account-limit': accountLimit,
  'rate-limit': rateLimit,
  eligibility: wrong(
    'The eligibility URL gives no clear answer.',
    'Repair the service at RINGTRUE_ELIGIBILITY_URL. The calls go on when it answers.',
  ),
  store: wrong(
    'The outcome store could not be reached.',
    'Repair the database. The calls go on when it answers.',
  ),
  'database-clock': wrong(
    "By the database's clock giveUpAt has passed, by Temporal's it has not.",
    'Set the clocks of the database and of Temporal right.',
  ),
  'account-trouble': wrong(
    'Twilio refuses the account.',
    'Fix what GET /dialing and the log of the workers name. The calls go on by themselves then.',
  ),
  'unconfigured-account': wrong(
    'Their account is not configured any more.',
    'Add the account to the file of RINGTRUE_ACCOUNTS again, or cancel the calls.',
  ),
  'not-sent': wrong(
    'Twilio could not be reached, or had too many requests.',
    'If it lasts, check the network and status.twilio.com. Nothing was dialed, and the calls are tried again.',
  ),
  unclear: wrong(
    'Nobody knows yet whether Twilio made their calls. ringtrue asks Twilio, and dials nothing until that is certain.',
    'Nothing for the first minutes. If it lasts, check whether Twilio can be read: GET /readyz of a worker.',
  ),
  batch: byTime(
    'Rows of batches that are not calls yet: as many calls of each batch run as its window allows.',
    'Nothing, or start further batches with a larger window.',
  ),
  'batch-paused': person('Rows of paused batches.', 'Resume the batches: POST /batches/{batchId}/resume.'),
};

/** Why calls are not ringing: every waiting call and row, in the reason for which it waits. Most calls first. */
export async function waitingReport({ store, accountSid, rules }: ApiTools): Promise<WaitingReport> {
  const limits = dialLimitsOf(rules);
  const [{ calls, rows }, capacity, dialing] = await Promise.all([
    store.countWaiting(),
    store.availableCapacity({ accountSid, limits, withinSeconds: 1 }),
    store.readDialing({ accountSid }),
  ]);
  const rate = dialing.limits.callsPerSecond ?? limits.callsPerSecond;
  const entries = [
    ...calls.map((group) => entryOf(group, { capacity, dialing, rate })),
    ...rows.map(entryOfRows),
  ];
  const total = entries.reduce((sum, { count }) => sum + count, 0);
  return { total, entries };
}

interface Account {
  capacity: Capacity;
  dialing: Awaited<ReturnType<OutcomeStore['readDialing']>>;
  /** Calls per second. */
  rate: number;
}

function entryOf({ by, count, earliestAt, oldestStartedAt }: WaitingGroup, account: Account): WaitingEntry {
  const text = by === 'dial-queue' ? textOfQueue(account) : texts[by];
  const opensAt = text === breaker ? account.dialing.breaker.openUntil : null;
  return {
    by,
    count,
    ...text,
    clearsAt: opensAt ?? (text === rateLimit ? soon() : earliestAt),
    oldestStartedAt,
    query: new URLSearchParams({ waitingBy: by }).toString(),
  };
}

/** What the calls of the dial queue wait for: the same for all of them. */
function textOfQueue({ capacity: { stopped, available, waitSeconds }, rate }: Account): Text {
  if (stopped?.by === 'paused') return paused;
  if (stopped?.by === 'breaker') return breaker;
  if (available === 0 && waitSeconds === 0 && rate >= 1) return accountLimit;
  return rateLimit;
}

/** The first of a queue that moves goes on at once. */
function soon(): string {
  return new Date().toISOString();
}

function entryOfRows({ by, count }: WaitingRows): WaitingEntry {
  return { by, count, ...texts[by], clearsAt: null, oldestStartedAt: null, query: null };
}
