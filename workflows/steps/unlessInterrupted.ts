import { CancellationScope, condition, isCancellation } from '@temporalio/workflow';

/**
 * Runs `work` until it ends or `interrupted()` holds, whichever is first. Interrupted, it cancels the work and waits until the
 * work lets go; work that ends with a result all the same has its result returned. Throws what the work throws.
 */
export async function unlessInterrupted<T>(
  interrupted: () => boolean,
  work: () => Promise<T>,
): Promise<{ value: T } | 'interrupted'> {
  const scope = new CancellationScope();
  let result: { value: T } | null = null;
  const running = scope.run(work).then((value) => {
    result = { value };
  });
  await Promise.race([running, condition(interrupted)]);
  if (result === null) {
    scope.cancel();
    await running.catch((error) => {
      if (!isCancellation(error)) throw error;
    });
  }
  return result ?? 'interrupted';
}
