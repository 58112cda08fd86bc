import { Counter, collectDefaultMetrics, Gauge, Histogram, type Registry } from 'prom-client';
import { type AccountSettings, configuredAccounts } from '../../activities/accounts/account.js';
import type { ActivityEvent } from '../../activities/createActivities.js';
import { lookupResults, notificationResults, ofAccount } from '../../activities/deps/activityDeps.js';
import { workflowEndStatuses } from '../../activities/store/calls/workflowEnds.js';
import type { Capacity } from '../../activities/store/placements/dialLimits.js';
import type { Forbidden, Hindrance, Notification, PlaceCallResult } from '../../workflows/callActivities.js';
import { deciders } from '../../workflows/callOutcome.js';
import { outcomes } from '../../workflows/callRequest.js';
import type { Log } from '../process/log.js';
import type { Readiness } from '../process/readiness.js';
import { accountPart } from './accountPart.js';

/** The values of the labels `result` and `by`. Typed, so that a new one cannot be forgotten here. */
const placementResults: Record<PlaceCallResult['kind'], readonly string[]> = {
  created: [''],
  refused: [''],
  'account-trouble': [''],
  'not-sent': [''],
  'too-late': [''],
  'already-recorded': [''],
  unclear: [''],
  'not-yet': Object.keys({
    'unconfigured-account': true,
    paused: true,
    breaker: true,
    'number-in-flight': true,
    'pair-in-progress': true,
    'contact-limit': true,
    'account-limit': true,
    'rate-limit': true,
    'calling-window': true,
    eligibility: true,
    store: true,
    'database-clock': true,
  } satisfies Record<Hindrance['by'], true>),
  forbidden: Object.keys({
    'do-not-call': true,
    'not-eligible': true,
    destination: true,
    'known-invalid': true,
  } satisfies Record<Forbidden['by'], true>),
};
/** Source: Twilio error 20008, "Resource not accessible with Test Account Credentials". */
const testCredentials = 20008;
const notificationTypes = ['call.ended', 'attempt.ended'] satisfies Notification['type'][];
/** From moments to days: calls wait for calling windows and for later attempts. */
const durationBuckets = [1, 5, 15, 60, 300, 900, 3600, 4 * 3600, 86_400, 7 * 86_400];
/** While Lookup gives no answer, the log says so this often. */
const lookupLogPauseMs = 600_000;

/**
 * Returns the function that receives the events of a worker's activities. It counts them, logs what an
 * operator must know, and reports in `readiness` while Twilio refuses the account. Every counter exists from
 * the start, with 0, so that `increase(…)` sees its first event.
 */
export function activityListener(
  registry: Registry,
  readiness: Readiness,
  log: Log,
): (event: ActivityEvent) => void {
  const registers = [registry];
  const placements = new Counter({
    name: 'ringtrue_placements_total',
    help: 'Placements, by result: created, refused, unclear and so on. `by`: what hinders or forbids the placement.',
    labelNames: ['result', 'by', 'account'],
    registers,
  });
  const recorded = new Counter({
    name: 'ringtrue_outcomes_total',
    help: 'Outcomes recorded, by outcome and by what decided it.',
    labelNames: ['outcome', 'decided_by'],
    registers,
  });
  const notified = new Counter({
    name: 'ringtrue_notifications_total',
    help: 'Tries to post a notification to a notifyUrl, by result: delivered, failed, refused, gone; postponed: not tried, since the host is full.',
    labelNames: ['type', 'result'],
    registers,
  });
  const deadLetters = new Counter({
    name: 'ringtrue_dead_letters_total',
    help: 'Notifications that no receiver accepted. They are kept and can be sent again.',
    labelNames: ['type'],
    registers,
  });
  const lookups = new Counter({
    name: 'ringtrue_lookups_total',
    help: 'Lookups of numbers, by result: answered, no-answer, refused, skipped. Without an answer the call goes on.',
    labelNames: ['result'],
    registers,
  });
  const duplicates = new Counter({
    name: 'ringtrue_duplicate_calls_total',
    help: 'Second Twilio calls of one attempt, which must never happen. Each one is ended.',
    registers,
  });
  const withoutOutcome = new Counter({
    name: 'ringtrue_calls_without_outcome_total',
    help: 'Calls whose workflow was found to have ended without an outcome, by how it ended.',
    labelNames: ['status'],
    registers,
  });
  const toPlacement = new Histogram({
    name: 'ringtrue_placement_seconds',
    help: 'Time from the request to the first Twilio call of a call, observed when its outcome is recorded.',
    buckets: durationBuckets,
    registers,
  });
  const toOutcome = new Histogram({
    name: 'ringtrue_outcome_seconds',
    help: 'Time from the request to the end of a call.',
    buckets: durationBuckets,
    registers,
  });
  const readTrouble = new Gauge({
    name: 'ringtrue_twilio_reads_refused',
    help: '1 while Twilio refuses to let the account read its calls: without callbacks no outcome can be learned.',
    labelNames: ['account'],
    registers,
  });
  const trouble = new Gauge({
    name: 'ringtrue_account_trouble',
    help: '1 while Twilio refuses the account (credentials, balance, permissions): no call can be placed.',
    labelNames: ['account'],
    registers,
  });
  for (const [result, hindrances] of Object.entries(placementResults))
    for (const by of hindrances) placements.inc({ result, by }, 0);
  for (const outcome of outcomes)
    for (const decidedBy of deciders) recorded.inc({ outcome, decided_by: decidedBy }, 0);
  for (const type of notificationTypes) {
    for (const result of notificationResults) notified.inc({ type, result }, 0);
    deadLetters.inc({ type }, 0);
  }
  for (const result of lookupResults) lookups.inc({ result }, 0);
  for (const status of workflowEndStatuses) withoutOutcome.inc({ status }, 0);
  /** By account; the main one has the name ''. */
  const lastMessages = new Map<string, string | null>();
  /** Undefined: not asked yet. */
  const lastReadTroubles = new Map<string, string | null>();
  let lookupLoggedAt = 0;
  trouble.set(0);
  readTrouble.set(0);
  readiness.report('twilioAccount', null);

  return (event) => {
    switch (event.kind) {
      case 'placement':
        placements.inc({ result: event.result, by: event.by, ...labelsOf(event) });
        break;
      case 'recorded':
        recorded.inc({ outcome: event.outcome, decided_by: event.decidedBy });
        if (event.secondsToPlacement !== null) toPlacement.observe(event.secondsToPlacement);
        toOutcome.observe(event.secondsToOutcome);
        break;
      case 'lookup':
        lookups.inc({ result: event.result });
        if (event.why === null || Date.now() - lookupLoggedAt < lookupLogPauseMs) break;
        lookupLoggedAt = Date.now();
        log.warn(
          `Lookup gives no answer (${event.why}). Calls go on without it, so invalid numbers may be dialed. Does TWILIO_BASE_URL serve Lookup, and may the account use it?`,
        );
        break;
      case 'workflow-ended': {
        // The reason is somebody's own text.
        const { kind: _, reason: __, ...how } = event;
        withoutOutcome.inc({ status: event.status });
        log.warn(
          how,
          'The workflow of a call ended without an outcome. The record of the call shows it, and what to do.',
        );
        break;
      }
      case 'duplicate-call': {
        const { kind, ...ids } = event;
        duplicates.inc();
        log.error(
          ids,
          'Two Twilio calls for one attempt: somebody may be called twice. The second call is ended.',
        );
        break;
      }
      case 'reads-refused': {
        const test = event.code === testCredentials ? '. These are test credentials: no phone rings' : '';
        const { account = '' } = event;
        const message = `${subjectOf(event)}Twilio does not let this account read its calls (${event.code ?? 'no code'}): ${event.message}${test}`;
        if (message !== lastReadTroubles.get(account))
          log.error(
            `${message}. How calls end is known from callbacks only. Use credentials that may read calls.`,
          );
        lastReadTroubles.set(account, message);
        readTrouble.set(labelsOf(event), 1);
        readiness.report(accountPart('twilioReads', nameOf(event)), message);
        break;
      }
      case 'reads-ok': {
        const { account = '' } = event;
        const before = lastReadTroubles.get(account);
        if (before === null) break;
        if (before !== undefined)
          log.info(`${subjectOf(event)}Twilio lets the account read its calls again.`);
        lastReadTroubles.set(account, null);
        readTrouble.set(labelsOf(event), 0);
        readiness.report(accountPart('twilioReads', nameOf(event)), null);
        break;
      }
      case 'notified':
        notified.inc({ type: event.type, result: event.result });
        break;
      case 'dead-letter':
        deadLetters.inc({ type: event.type });
        log.warn(
          { deadLetter: event.id, type: event.type, host: event.host },
          'No receiver accepted a notification. `ringtrue dead-letters` says why; `ringtrue resend` sends it again.',
        );
        break;
      case 'account-trouble': {
        const { account = '' } = event;
        const message = `${subjectOf(event)}Twilio refuses the account (${event.code ?? 'no code'}): ${event.message}`;
        if (message !== lastMessages.get(account))
          log.error(
            `${message}. No call is placed${account === '' ? '' : ' through it'} until this is fixed. Calls wait, and go on by themselves.`,
          );
        lastMessages.set(account, message);
        trouble.set(labelsOf(event), 1);
        readiness.report(accountPart('twilioAccount', nameOf(event)), message);
        break;
      }
      case 'account-ok': {
        const { account = '' } = event;
        if (lastMessages.get(account))
          log.info(`${subjectOf(event)}Twilio accepts the account again. Calls are placed.`);
        lastMessages.set(account, null);
        trouble.set(labelsOf(event), 0);
        readiness.report(accountPart('twilioAccount', nameOf(event)), null);
        break;
      }
      case 'breaker':
        if (event.change === 'closed')
          log.info(`${subjectOf(event)}The circuit breaker is closed again. Calls are placed.`);
        else
          log.error(
            `${subjectOf(event)}The circuit breaker is open: ${event.reason}. ${event.prefixes ? `Calls to ${event.prefixes.join(', ')} wait; all others are placed` : 'Calls wait'}. Single placements test whether Twilio works again.`,
          );
        break;
    }
  };
}

interface OfAccount {
  account?: string;
}

/** Series of the main account have no such label. */
function labelsOf({ account }: OfAccount): OfAccount {
  return account === undefined ? {} : { account };
}

function nameOf({ account = null }: { account?: string | null }): { name: string | null } {
  return { name: account };
}

/** What a message about an account begins with. */
function subjectOf({ account }: OfAccount): string {
  return account === undefined ? '' : `Account "${account}": `;
}

/**
 * Shows in metrics and readiness whether dialing is stopped, for each account. An open circuit breaker makes
 * the worker not ready; a pause, which an operator wanted, does not.
 */
export function watchDialing(
  registry: Registry,
  readiness: Readiness,
  settings: AccountSettings,
  readCapacity: (sid: string | null) => Promise<Capacity>,
): void {
  const capacities = () =>
    Promise.all(
      configuredAccounts(settings).map(async (account) => ({
        account: ofAccount(account),
        capacity: await readCapacity(account.name === null ? null : account.twilio.accountSid),
      })),
    );
  new Gauge({
    name: 'ringtrue_dialing_stopped',
    help: '1 while nothing is dialed for the account. `why`: paused by an operator, or breaker because placements fail; breaker-country: no calls to some countries are dialed.',
    labelNames: ['why', 'account'],
    registers: [registry],
    async collect() {
      const answers = await capacities().catch(() => null);
      // The store cannot be asked: its last answer stays.
      if (answers === null) return;
      this.reset();
      for (const { account, capacity } of answers) {
        for (const why of ['paused', 'breaker'])
          this.set({ why, ...account }, capacity.stopped?.by === why ? 1 : 0);
        const isHeld = capacity.stopped === null && capacity.heldBecause !== null;
        this.set({ why: 'breaker-country', ...account }, isHeld ? 1 : 0);
      }
    },
  });
  readiness.probe('dialing', async () => {
    const open = (await capacities()).flatMap(({ account, capacity: { stopped, ...others } }) => {
      const reason =
        stopped?.by === 'breaker' ? stopped.reason : 'heldBecause' in others && others.heldBecause;
      return reason ? [`${subjectOf(account)}The circuit breaker is open: ${reason}`] : [];
    });
    if (open.length > 0) throw new Error(open.join('; '));
  });
}

/** Metrics of the Node process itself. */
export function watchProcess(registry: Registry): void {
  collectDefaultMetrics({ register: registry });
}
