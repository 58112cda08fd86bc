import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import type { InjectedSinks } from '@temporalio/worker';
import type { OutcomeStore } from '../activities/outcomeStore.js';
import { type CallUpdate, paramsOf } from '../workflows/callUpdate.js';
import type { ProgressMode } from '../workflows/twilioStatus.js';
import type { WatchSinks } from '../workflows/watching.js';
import type { Log } from './log.js';

const signalWithinMs = 5_000;

/**
 * Makes a call that somebody looks at be told of its progress from then on: the webhook signals what it would otherwise only
 * write down, and what was written down until now is signalled here. Nothing waits for it, and when it fails, the next look
 * tries again or the final callback brings it.
 */
export function callWatch(parts: {
  store: Pick<OutcomeStore, 'watchCall'>;
  client: Client;
  progress: ProgressMode;
  log: Pick<Log, 'warn'>;
}): InjectedSinks<WatchSinks> {
  const { store, client, progress, log } = parts;

  async function watch(callId: string): Promise<void> {
    const noted = await store.watchCall(callId);
    const last = noted?.updates.at(-1);
    if (!noted || !last) return;
    const signal = { attempt: noted.attempt, params: paramsOf(last), heard: noted.updates.slice(0, -1) };
    await client.withDeadline(Date.now() + signalWithinMs, () =>
      client.workflow
        .getHandle(callId)
        .signal<[{ attempt: number; params: Record<string, string>; heard: CallUpdate[] }]>(
          'twilioStatus',
          signal,
        ),
    );
  }

  return {
    calls: {
      watched: {
        fn({ workflowId }) {
          // Every call is told of everything anyway.
          if (progress === 'signal') return;
          // Not awaited: the answer to the question would wait for it.
          watch(workflowId).catch((err: unknown) => {
            if (!(err instanceof WorkflowNotFoundError))
              log.warn({ err }, 'a call that is being looked at was not told of its progress');
          });
        },
      },
    },
  };
}
