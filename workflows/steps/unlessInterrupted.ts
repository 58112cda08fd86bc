import { CancellationScope, condition, isCancellation } from '@temporalio/workflow';

/**
 * Runs `work` until it ends, `interrupted()` holds, or the deadline passes, whichever is first. Interrupted, it cancels the
 * work and waits until the work lets go; work that ends with a result all the same has its result returned. Throws what
 * the work throws.
 */
export async function unlessInterrupted<T>(
  interrupted: () => boolean,
  work: () => Promise<T>,
  deadline: { seconds: number; summary: string } | null = null,
): Promise<{ value: T } | 'interrupted'> {
  const [working, waiting] = [new CancellationScope(), new CancellationScope()];
  let result: { value: T } | null = null;
  const running = working.run(work).then((value) => {
    result = { value };
  });
  const interruption = waiting.run(async () => {
    if (deadline === null) await condition(interrupted);
    else await condition(interrupted, Math.ceil(deadline.seconds * 1000), { summary: deadline.summary });
  });
  try {
    await Promise.race([running, interruption]);
  } finally {
    waiting.cancel();
    interruption.catch(ignoreCancellation);
  }
  if (result === null) {
    working.cancel();
    await running.catch(ignoreCancellation);
  }
  return result ?? 'interrupted';
}

function ignoreCancellation(error: unknown): void {
  if (!isCancellation(error)) throw error;
}
