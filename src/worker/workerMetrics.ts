import { Counter, collectDefaultMetrics, Gauge, type Registry } from 'prom-client';
import type { ActivityEvent } from '../../activities/createActivities.js';
import type { Capacity } from '../../activities/store/placements/dialLimits.js';
import type { Log } from '../process/log.js';
import type { Readiness } from '../process/readiness.js';

/** How a worker hears of what its activities met: counts it, and says in `readiness` while Twilio refuses the account. */
export function activityListener(
  registry: Registry,
  readiness: Readiness,
  log: Log,
): (event: ActivityEvent) => void {
  const registers = [registry];
  const placements = new Counter({
    name: 'ringtrue_placements_total',
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
  let lastMessage: string | null = null;
  trouble.set(0);
  readiness.report('twilioAccount', null);

  return (event) => {
    switch (event.kind) {
      case 'placement':
        placements.inc({ result: event.result });
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
        const message = `Twilio refuses the account (${event.code ?? 'no code'}): ${event.message}`;
        if (message !== lastMessage)
          log.error(
            `${message}. No call is placed until this is mended; calls wait and then go on by themselves.`,
          );
        lastMessage = message;
        trouble.set(1);
        readiness.report('twilioAccount', message);
        break;
      }
      case 'account-ok':
        if (lastMessage !== null) log.info('Twilio accepts the account again: calls are placed.');
        lastMessage = null;
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
 * Shows, whenever somebody looks, whether dialing is stopped for the account. A circuit breaker that is open is a
 * trouble of the worker's; a pause is somebody's wish.
 */
export function watchDialing(
  registry: Registry,
  readiness: Readiness,
  readCapacity: () => Promise<Capacity>,
): void {
  new Gauge({
    name: 'ringtrue_dialing_stopped',
    help: '1 while nothing is dialed for the account, by why: paused by an operator, or breaker: Twilio or the account fails.',
    labelNames: ['why'],
    registers: [registry],
    async collect() {
      const answer = await readCapacity().catch(() => null);
      // Away, the store cannot tell: what it told last stays.
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
