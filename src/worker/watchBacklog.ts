import type { Client } from '@temporalio/client';
import { Gauge, type Registry } from 'prom-client';
import { type AccountSettings, configuredAccounts } from '../../activities/accounts/account.js';
import { ofAccount } from '../../activities/deps/activityDeps.js';
import type { OutcomeStore } from '../../activities/store/outcomeStore.js';

/** Store and Temporal are asked at most this often, however often the metrics are read. */
const askAgainMs = 15_000;
const answersWithinMs = 3_000;

interface Backlog {
  unfinished: Awaited<ReturnType<OutcomeStore['countUnfinished']>>;
  inFlight: { labels: { account?: string }; count: number }[];
}

/**
 * Shows how many calls wait or are under way, how old the oldest ones are, and how many notifications no
 * receiver has accepted yet. Every worker shows the same numbers: they are about all workers together. What
 * cannot be asked keeps its last value.
 */
export function watchBacklog(
  registry: Registry,
  parts: {
    store: Pick<OutcomeStore, 'countUnfinished' | 'readDialing'>;
    settings: AccountSettings;
    temporal: Client;
    taskQueue: string;
  },
): void {
  const { store, settings, temporal, taskQueue } = parts;
  const backlog = remembered<Backlog>(async () => {
    const accounts = configuredAccounts(settings);
    const [unfinished, ...dialing] = await Promise.all([
      store.countUnfinished(),
      ...accounts.map(({ twilio }) => store.readDialing({ accountSid: twilio.accountSid })),
    ]);
    const inFlight = accounts.map((account, nth) => ({
      labels: ofAccount(account),
      count: dialing[nth]?.inFlight ?? 0,
    }));
    return { unfinished, inFlight };
  });
  const query = `TaskQueue = '${taskQueue}' AND ExecutionStatus = 'Running' AND WorkflowType IN ('notification', 'resentNotification')`;
  const notifications = remembered(async () => {
    const { count } = await temporal.withDeadline(Date.now() + answersWithinMs, () =>
      temporal.workflow.count(query),
    );
    return count;
  });
  const registers = [registry];
  new Gauge({
    name: 'ringtrue_calls',
    help: 'Calls without an outcome, by state. `placing`: they wait for capacity to be placed.',
    labelNames: ['state'],
    registers,
    async collect() {
      for (const { state, count } of (await backlog())?.unfinished ?? []) this.set({ state }, count);
    },
  });
  new Gauge({
    name: 'ringtrue_oldest_call_seconds',
    help: 'Time since the request of the oldest call without an outcome, by state; 0 when there is none.',
    labelNames: ['state'],
    registers,
    async collect() {
      for (const { state, oldestSeconds } of (await backlog())?.unfinished ?? [])
        this.set({ state }, oldestSeconds);
    },
  });
  new Gauge({
    name: 'ringtrue_calls_in_flight',
    help: 'Placements of the account whose call may still be alive: what RINGTRUE_CALLS_IN_FLIGHT bounds.',
    labelNames: ['account'],
    registers,
    async collect() {
      const answer = await backlog();
      if (answer === null) return;
      this.reset();
      for (const { labels, count } of answer.inFlight) this.set(labels, count);
    },
  });
  new Gauge({
    name: 'ringtrue_notifications_pending',
    help: 'Notifications that no receiver has accepted yet: they are being posted, or tried again.',
    registers,
    async collect() {
      const answer = await notifications();
      if (answer !== null) this.set(answer);
    },
  });
}

/** Asks at most once in a while, and shares the answer; null when there is none. */
function remembered<T>(ask: () => Promise<T>): () => Promise<T | null> {
  let answer: Promise<T | null> | null = null;
  let readAt = 0;
  return () => {
    if (answer === null || Date.now() - readAt >= askAgainMs) {
      readAt = Date.now();
      answer = ask().catch(() => null);
    }
    return answer;
  };
}
