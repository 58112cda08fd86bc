import { condition, defineSignal, proxyActivities, setHandler } from '@temporalio/workflow';
import type { yardstickActivities } from './yardstickActivities.js';

export const go = defineSignal('go');

const { first, second, third } = proxyActivities<typeof yardstickActivities>({ startToCloseTimeout: '10s' });

/** The yardstick: three ordinary activities that do nothing, one after the other. */
export async function threeNoOps(): Promise<void> {
  await first();
  await second();
  await third();
}

/** Waits for a signal and ends. */
export async function untilSignaled(): Promise<void> {
  let signaled = false;
  setHandler(go, () => {
    signaled = true;
  });
  await condition(() => signaled);
}
