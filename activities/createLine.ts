/**
 * Lets work on the same key run one at a time within this process, in the order of arrival. Whoever has
 * waited for longer than `waitMs` goes on all the same: the database decides between processes anyway.
 */
export function createLine() {
  const last = new Map<string, Promise<unknown>>();
  return async function inLine<T>(key: string, waitMs: number, work: () => Promise<T>): Promise<T> {
    const before = last.get(key);
    const mine = (async () => {
      if (before) await atMost(before, waitMs);
      return work();
    })();
    const settled = mine.catch(() => {});
    last.set(key, settled);
    try {
      return await mine;
    } finally {
      if (last.get(key) === settled) last.delete(key);
    }
  };
}

async function atMost(promise: Promise<unknown>, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  await Promise.race([promise, new Promise((resolve) => (timer = setTimeout(resolve, ms)))]);
  clearTimeout(timer);
}
