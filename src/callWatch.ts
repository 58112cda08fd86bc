import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import type { InjectedSinks } from '@temporalio/worker';
import type { OutcomeStore } from '../activities/outcomeStore.js';
import { paramsOf } from '../workflows/callUpdate.js';
import type { TwilioStatusSignal } from '../workflows/runningCall.js';
import { orderOf } from '../workflows/twilioStatus.js';
import type { WatchSinks } from '../workflows/watching.js';
import type { Log } from './log.js';

const signalWithinMs = 5_000;
const mostRemembered = 10_000;

/**
 * Makes a call that somebody looks at be told of its progress from then on: the webhook signals what it would otherwise only
 * write down, and what was written down until now is signalled here, unless the answer has told it already. Nothing waits for
 * it; when it fails, the next look tries again, or the final callback brings it.
 */
export function callWatch(parts: {
  store: Pick<OutcomeStore, 'watchCall'>;
  client: Client;
  log: Pick<Log, 'warn'>;
}): InjectedSinks<WatchSinks> {
  const { store, client, log } = parts;
  /** Looks that are being seen to, and what was signalled last: whoever looks often does not make a call be told twice. */
  const underWay = new Set<string>();
  const signalled = new Map<string, string>();

  async function watch(callId: string, told: string | null): Promise<void> {
    const noted = await store.watchCall(callId);
    const last = noted?.updates.at(-1);
    if (!noted || !last || orderOf(last.status) <= orderOf(told ?? '')) return;
    const word = `${noted.attempt} ${last.callSid} ${last.status}`;
    if (signalled.get(callId) === word) return;
    const signal = { attempt: noted.attempt, params: paramsOf(last), heard: noted.updates.slice(0, -1) };
    await client.withDeadline(Date.now() + signalWithinMs, () =>
      client.workflow.getHandle(callId).signal<[TwilioStatusSignal]>('twilioStatus', signal),
    );
    signalled.delete(callId);
    signalled.set(callId, word);
    if (signalled.size > mostRemembered) signalled.delete(signalled.keys().next().value as string);
  }

  return {
    calls: {
      watched: {
        fn({ workflowId }, told) {
          if (underWay.has(workflowId)) return;
          underWay.add(workflowId);
          // Not awaited: the answer to the question would wait for it.
          watch(workflowId, told)
            .catch((err: unknown) => {
              if (!(err instanceof WorkflowNotFoundError))
                log.warn({ err }, 'a call that is being looked at was not told of its progress');
            })
            .finally(() => underWay.delete(workflowId));
        },
      },
    },
  };
}
