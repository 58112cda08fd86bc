import { setTimeout as pause } from 'node:timers/promises';

/** Longer than this nobody's probe waits for an answer. */
const probeWithinMs = 3000;

/** What a process needs in order to serve, part by part, and what is wrong with it. For `/readyz`. */
export class Readiness {
  readonly #troubles = new Map<string, string | null>();
  readonly #probes = new Map<string, () => Promise<unknown>>();

  /** Notes how a part stands; null: well. It stays so until the next report. */
  report(part: string, trouble: string | null): void {
    this.#troubles.set(part, trouble);
  }

  /** Asks about a part at every check; what it throws is the trouble. */
  probe(part: string, ask: () => Promise<unknown>): void {
    this.#probes.set(part, ask);
  }

  /** Ready only when every part is `ok`. */
  async check(): Promise<{ ready: boolean; checks: Record<string, string> }> {
    const checks = new Map<string, string>();
    await Promise.all([...this.#probes].map(async ([part, ask]) => checks.set(part, await answerOf(ask))));
    for (const [part, trouble] of this.#troubles)
      if (trouble !== null || !checks.has(part)) checks.set(part, trouble ?? 'ok');
    const found = Object.fromEntries([...checks].sort(([a], [b]) => (a < b ? -1 : 1)));
    return { ready: Object.values(found).every((result) => result === 'ok'), checks: found };
  }
}

async function answerOf(ask: () => Promise<unknown>): Promise<string> {
  const enough = new AbortController();
  const late = pause(probeWithinMs, 'late', { signal: enough.signal, ref: false });
  try {
    const first = await Promise.race([ask().then(() => 'ok'), late]);
    return first === 'late' ? `gave no answer within ${probeWithinMs / 1000} s` : 'ok';
  } catch (error) {
    return (error as Error).message || 'failed without a word';
  } finally {
    enough.abort();
    late.catch(() => {});
  }
}
