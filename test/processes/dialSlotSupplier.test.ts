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

/** Polls for orders, as the SDK does; `room` is what the store says when it is asked. */
function worker(first: number | Error) {
  const state = { room: first, admitted: 0, polls: 0 };
  const slotSupplier = dialSlotSupplier(async (): Promise<Capacity> => {
    state.polls++;
    if (state.room instanceof Error) throw state.room;
    return { stopped: null, available: state.room, waitSeconds: state.room > 0 ? 0 : 0.01 };
  });
  const poll = (signal = new AbortController().signal) =>
    slotSupplier.supplier.reserveSlot(context, signal).then(() => void state.admitted++);
  const release = () => slotSupplier.supplier.releaseSlot({ permit: {} });
  return { state, slotSupplier, poll, release };
}

describe('orders to dial are fetched', () => {
  it('there is room for three: three polls of ten', async () => {
    const { state, poll } = worker(3);
    for (let n = 0; n < 10; n++) void poll();
    await expect.poll(() => state.admitted).toBe(3);
    expect(state.polls).toBe(1);
  });

  it('an order has its claim, so that the store counts it: it takes no more room here', async () => {
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

  it('there is no room: none, until there is', async () => {
    const { state, poll } = worker(0);
    void poll();
    await expect.poll(() => state.polls).toBeGreaterThan(2);
    expect(state.admitted).toBe(0);
    state.room = 1;
    await expect.poll(() => state.admitted).toBe(1);
  });

  it('the store cannot say: fetched all the same, so that the calls tell why they wait', async () => {
    const { state, poll } = worker(new Error('away'));
    void poll();
    await expect.poll(() => state.admitted).toBe(1);
  });

  it('the worker stops: what waits for its turn is given up', async () => {
    const { state, poll } = worker(0);
    const stopping = new AbortController();
    const polled = poll(stopping.signal);
    stopping.abort(new Error('stopped'));
    await expect(polled).rejects.toThrow('stopped');
    state.room = 1;
    void poll();
    await expect.poll(() => state.admitted).toBe(1);
  });
});
