/**
 * Runs work on the same key one at a time within this process, first come, first served. Work that has waited
 * for `waitMs` starts all the same: the database decides between processes anyway.
 */
export function keyedMutex() {
  const lastByKey = new Map<string, Promise<unknown>>();
  return async function runExclusive<T>(key: string, waitMs: number, work: () => Promise<T>): Promise<T> {
    const previous = lastByKey.get(key);
    const result = (async () => {
      if (previous) await waitAtMost(previous, waitMs);
      return work();
    })();
    const settled = result.catch(() => {});
    lastByKey.set(key, settled);
    try {
      return await result;
    } finally {
      if (lastByKey.get(key) === settled) lastByKey.delete(key);
    }
  };
}

async function waitAtMost(promise: Promise<unknown>, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  await Promise.race([promise, new Promise((resolve) => (timer = setTimeout(resolve, ms)))]);
  clearTimeout(timer);
}
