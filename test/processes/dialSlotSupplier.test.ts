import { describe, expect, it } from 'vitest';
import type { Capacity } from '../../activities/store/placements/dialLimits.js';
import { dialSlotSupplier } from '../../src/worker/dialSlotSupplier.js';

const context = {
  slotType: 'activity',
  taskQueue: 'calls-dial',
  workerIdentity: 'me',
  workerBuildId: '',
  isSticky: false,
} as const;

const activity = { type: 'activity', activityType: 'placeCall' } as const;

/** Reserves slots, as the SDK does. `first` is the capacity that the store answers at first. */
function worker(first: number | Error) {
  const state = { capacity: first, admitted: 0, polls: 0 };
  const slotSupplier = dialSlotSupplier(async (): Promise<Capacity> => {
    state.polls++;
    if (state.capacity instanceof Error) throw state.capacity;
    return {
      stopped: null,
      heldBecause: null,
      available: state.capacity,
      waitSeconds: state.capacity > 0 ? 0 : 0.01,
    };
  });
  const poll = (signal = new AbortController().signal) =>
    slotSupplier.supplier.reserveSlot(context, signal).then(() => void state.admitted++);
  const release = () => slotSupplier.supplier.releaseSlot({ permit: {} });
  return { state, slotSupplier, poll, release };
}

describe('placeCall tasks are fetched', () => {
  it('capacity for three: grants three slots of ten', async () => {
    const { state, poll } = worker(3);
    for (let n = 0; n < 10; n++) void poll();
    await expect.poll(() => state.admitted).toBe(3);
    expect(state.polls).toBe(1);
  });

  it('a task has its claim, so the store counts it: it no longer counts here', async () => {
    const { state, slotSupplier, poll, release } = worker(1);
    for (let n = 0; n < 3; n++) void poll();
    await expect.poll(() => state.admitted).toBe(1);
    const isOver = slotSupplier.onClaim();
    await expect.poll(() => state.admitted).toBe(2);
    isOver();
    release();
    expect(state.admitted).toBe(2);
    release();
    await expect.poll(() => state.admitted).toBe(3);
  });

  it('no capacity: grants no slot until there is some', async () => {
    const { state, poll } = worker(0);
    void poll();
    await expect.poll(() => state.polls).toBeGreaterThan(2);
    expect(state.admitted).toBe(0);
    state.capacity = 1;
    await expect.poll(() => state.admitted).toBe(1);
  });

  it('the store cannot be asked: fetches all the same, so that calls show why they wait', async () => {
    const { state, poll } = worker(new Error('away'));
    void poll();
    await expect.poll(() => state.admitted).toBe(1);
  });

  it('the worker stops: waiting slot requests are rejected', async () => {
    const { state, poll } = worker(0);
    const stopping = new AbortController();
    const polled = poll(stopping.signal);
    stopping.abort(new Error('stopped'));
    await expect(polled).rejects.toThrow('stopped');
    state.capacity = 1;
    void poll();
    await expect.poll(() => state.admitted).toBe(1);
  });

  it('the worker is to stop: starts no further poll, and waits for those under way to bring their tasks', async () => {
    const { slotSupplier, state } = worker(3);
    const { supplier, stopPolling } = slotSupplier;
    const polling = await Promise.all(
      [1, 2].map(() => supplier.reserveSlot(context, new AbortController().signal)),
    );
    let hasStopped = false;
    const stopped = stopPolling().then(() => {
      hasStopped = true;
    });
    void supplier.reserveSlot(context, new AbortController().signal).then(() => state.admitted++);
    const [first, second] = polling as [object, object];
    supplier.markSlotUsed({ permit: first, slotInfo: activity });
    // Used, so that its end is not the end of a poll.
    supplier.releaseSlot({ permit: first, slotInfo: activity });
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(hasStopped).toBe(false);
    supplier.releaseSlot({ permit: second });
    await stopped;
    expect(state.admitted).toBe(0);
  });

  it('the worker is to stop, and a poll brings no task: is not waited for long', async () => {
    const { slotSupplier, poll, state } = worker(1);
    void poll();
    await expect.poll(() => state.admitted).toBe(1);
    await slotSupplier.stopPolling();
  });
});
