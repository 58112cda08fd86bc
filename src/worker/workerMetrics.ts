import { Counter, collectDefaultMetrics, Gauge, type Registry } from 'prom-client';
import type { ActivityEvent } from '../../activities/createActivities.js';
import type { Capacity } from '../../activities/store/placements/dialLimits.js';
import type { Forbidden, Hindrance, Notification, PlaceCallResult } from '../../workflows/callActivities.js';
import { deciders } from '../../workflows/callOutcome.js';
import { outcomes } from '../../workflows/callRequest.js';
import type { Log } from '../process/log.js';
import type { Readiness } from '../process/readiness.js';

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
    'worker-clock': true,
  } satisfies Record<Hindrance['by'], true>),
  forbidden: Object.keys({
    'do-not-call': true,
    'not-eligible': true,
    'known-invalid': true,
  } satisfies Record<Forbidden['by'], true>),
};
const notificationTypes = ['call.ended', 'attempt.ended'] satisfies Notification['type'][];
const notificationResults = ['delivered', 'failed', 'refused', 'gone'] as const;

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
    labelNames: ['result', 'by'],
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
    help: 'Tries to post a notification to a notifyUrl, by result: delivered, failed, refused, gone.',
    labelNames: ['type', 'result'],
    registers,
  });
  const deadLetters = new Counter({
    name: 'ringtrue_dead_letters_total',
    help: 'Notifications that no receiver accepted. They are kept and can be sent again.',
    labelNames: ['type'],
    registers,
  });
  const duplicateCalls = new Counter({
    name: 'ringtrue_duplicate_calls_total',
    help: 'Second Twilio calls of one attempt, which must never be. Each is ended at Twilio.',
    registers,
  });
  const trouble = new Gauge({
    name: 'ringtrue_account_trouble',
    help: '1 while Twilio refuses the account (credentials, balance, permissions): no call can be placed.',
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
  let lastMessage: string | null = null;
  trouble.set(0);
  readiness.report('twilioAccount', null);

  return (event) => {
    switch (event.kind) {
      case 'placement':
        placements.inc({ result: event.result, by: event.by });
        break;
      case 'recorded':
        recorded.inc({ outcome: event.outcome, decided_by: event.decidedBy });
        break;
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
      case 'duplicate-call':
        duplicateCalls.inc();
        break;
      case 'account-trouble': {
        const message = `Twilio refuses the account (${event.code ?? 'no code'}): ${event.message}`;
        if (message !== lastMessage)
          log.error(
            `${message}. No call is placed until this is fixed. Calls wait, and go on by themselves.`,
          );
        lastMessage = message;
        trouble.set(1);
        readiness.report('twilioAccount', message);
        break;
      }
      case 'account-ok':
        if (lastMessage !== null) log.info('Twilio accepts the account again. Calls are placed.');
        lastMessage = null;
        trouble.set(0);
        readiness.report('twilioAccount', null);
        break;
      case 'breaker':
        if (event.change === 'closed') log.info('The circuit breaker is closed again. Calls are placed.');
        else
          log.error(
            `The circuit breaker is open: ${event.reason}. Calls wait. Single placements test whether Twilio works again.`,
          );
        break;
    }
  };
}

/**
 * Shows in metrics and readiness whether dialing is stopped for the account. An open circuit breaker makes
 * the worker not ready; a pause, which an operator wanted, does not.
 */
export function watchDialing(
  registry: Registry,
  readiness: Readiness,
  readCapacity: () => Promise<Capacity>,
): void {
  new Gauge({
    name: 'ringtrue_dialing_stopped',
    help: '1 while nothing is dialed for the account. `why`: paused by an operator, or breaker because placements fail.',
    labelNames: ['why'],
    registers: [registry],
    async collect() {
      const answer = await readCapacity().catch(() => null);
      // The store cannot be asked: its last answer stays.
      if (answer === null) return;
      for (const why of ['paused', 'breaker']) this.set({ why }, answer.stopped?.by === why ? 1 : 0);
    },
  });
  readiness.probe('dialing', async () => {
    const { stopped } = await readCapacity();
    if (stopped?.by === 'breaker') throw new Error(`The circuit breaker is open: ${stopped.reason}`);
  });
}

/** Metrics of the Node process itself. */
export function watchProcess(registry: Registry): void {
  collectDefaultMetrics({ register: registry });
}
