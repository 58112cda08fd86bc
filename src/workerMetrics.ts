import { Counter, collectDefaultMetrics, Gauge, type Registry } from 'prom-client';
import type { ActivityEvent } from '../activities/createActivities.js';
import type { DialRoom } from '../activities/dialGate.js';
import type { Log } from './log.js';
import type { Readiness } from './readiness.js';

/** How a worker hears of what its activities met: counts it, and says in `readiness` while Twilio refuses the account. */
export function activityListener(
  registry: Registry,
  readiness: Readiness,
  log: Log,
): (event: ActivityEvent) => void {
  const registers = [registry];
  const dialled = new Counter({
    name: 'ringtrue_dials_total',
    help: 'Orders to dial, by how they ended: created, refused, unclear …',
    labelNames: ['result'],
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
    help: 'Tries to tell a caller something at its notifyUrl, by how they ended: delivered, failed, refused, gone.',
    labelNames: ['type', 'result'],
    registers,
  });
  const deadLetters = new Counter({
    name: 'ringtrue_dead_letters_total',
    help: 'Notifications that were given up, and are kept to be sent again.',
    labelNames: ['type'],
    registers,
  });
  const trouble = new Gauge({
    name: 'ringtrue_account_trouble',
    help: '1 while Twilio refuses the account (credentials, balance, permissions): no call can be placed.',
    registers,
  });
  let known: string | null = null;
  trouble.set(0);
  readiness.report('twilioAccount', null);

  return (event) => {
    switch (event.kind) {
      case 'dialled':
        dialled.inc({ result: event.result });
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
          'a notification was given up; `ringtrue dead-letters` says why, `ringtrue resend` sends it again',
        );
        break;
      case 'account-trouble': {
        const said = `Twilio refuses the account (${event.code ?? 'no code'}): ${event.message}`;
        if (said !== known)
          log.error(
            `${said}. No call is placed until this is mended; calls wait and then go on by themselves.`,
          );
        known = said;
        trouble.set(1);
        readiness.report('twilioAccount', said);
        break;
      }
      case 'account-fine':
        if (known !== null) log.info('Twilio accepts the account again: calls are placed.');
        known = null;
        trouble.set(0);
        readiness.report('twilioAccount', null);
        break;
      case 'breaker':
        if (event.change === 'closed') log.info('The circuit breaker has closed: calls are placed again.');
        else
          log.error(
            `The circuit breaker has opened: ${event.reason}. Calls wait; one at a time tries whether all is well again.`,
          );
        break;
    }
  };
}

/**
 * Shows, whenever somebody looks, whether dialling is stopped for the account. A circuit breaker that is open is a
 * trouble of the worker's; a pause is somebody's wish.
 */
export function watchDialling(registry: Registry, readiness: Readiness, ask: () => Promise<DialRoom>): void {
  new Gauge({
    name: 'ringtrue_dialling_stopped',
    help: '1 while nothing is dialled for the account, by why: paused by an operator, or breaker: Twilio or the account fails.',
    labelNames: ['why'],
    registers: [registry],
    async collect() {
      const answer = await ask().catch(() => null);
      // Away, the store cannot tell: what it told last stays.
      if (answer === null) return;
      for (const why of ['paused', 'breaker']) this.set({ why }, answer.stopped?.by === why ? 1 : 0);
    },
  });
  readiness.probe('dialling', async () => {
    const { stopped } = await ask();
    if (stopped?.by === 'breaker') throw new Error(`The circuit breaker is open: ${stopped.reason}`);
  });
}

/** Metrics of the Node process itself. */
export function watchProcess(registry: Registry): void {
  collectDefaultMetrics({ register: registry });
}
