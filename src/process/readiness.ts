import { setTimeout as pause } from 'node:timers/promises';

/** A probe without an answer after this time counts as failed: health checks rarely wait longer. */
const probeWithinMs = 3000;
/** Anyone may ask for readiness, so answers of probes are shared for this long: they cost requests. */
const sharedForMs = 1000;

/** What a process needs in order to serve, part by part, and what is wrong with each part. For `/readyz`. */
export class Readiness {
  readonly #troubles = new Map<string, string | null>();
  readonly #notes = new Map<string, string>();
  readonly #probes = new Map<string, () => Promise<string>>();

  /** Sets the trouble of a part; null: none. It holds until the next report, and replaces a note. */
  report(part: string, trouble: string | null): void {
    this.#notes.delete(part);
    this.#troubles.set(part, trouble);
  }

  /** Shows a text about a part that is not known to be in trouble. The process can be ready all the same. */
  note(part: string, text: string): void {
    this.#troubles.delete(part);
    this.#notes.set(part, text);
  }

  /** Shows a part no more. */
  forget(part: string): void {
    this.#notes.delete(part);
    this.#troubles.delete(part);
  }

  /** Asks about a part, at most once a second. The message of what `ask` throws is the trouble. */
  probe(part: string, ask: () => Promise<unknown>): void {
    this.#probes.set(part, shared(ask));
  }

  /**
   * Ready unless a part is in trouble. Each part is `ok`, its trouble, or its note. With `only` no other part is asked about,
   * so that none can make the answer late.
   */
  async check(only?: string): Promise<{ ready: boolean; checks: Record<string, string> }> {
    const isWanted = (part: string) => only === undefined || part === only;
    const probes = [...this.#probes].filter(([part]) => isWanted(part));
    const checks = new Map(
      await Promise.all(probes.map(async ([part, ask]) => [part, await ask()] as const)),
    );
    for (const [part, trouble] of this.#troubles)
      if (isWanted(part) && (trouble !== null || !checks.has(part))) checks.set(part, trouble ?? 'ok');
    const ready = [...checks.values()].every((result) => result === 'ok');
    const notes = [...this.#notes].filter(([part]) => isWanted(part));
    const parts = [...checks, ...notes].sort(([a], [b]) => (a < b ? -1 : 1));
    return { ready, checks: Object.fromEntries(parts) };
  }
}

/** The answer of a probe, shared by all who ask within a second, and by those who ask while it hangs. */
function shared(ask: () => Promise<unknown>): () => Promise<string> {
  let current: { until: number; answer: Promise<string> } | null = null;
  return () => {
    if (current !== null && performance.now() < current.until) return current.answer;
    const answer = answerOf(ask);
    const pending = { until: Number.POSITIVE_INFINITY, answer };
    current = pending;
    // Counted from the answer: while a probe hangs, they do not pile up.
    void answer.then(() => {
      pending.until = performance.now() + sharedForMs;
    });
    return answer;
  };
}

async function answerOf(ask: () => Promise<unknown>): Promise<string> {
  const enough = new AbortController();
  const late = pause(probeWithinMs, 'late', { signal: enough.signal, ref: false });
  try {
    const first = await Promise.race([ask().then(() => 'ok'), late]);
    return first === 'late' ? `gave no answer within ${probeWithinMs / 1000} s` : 'ok';
  } catch (error) {
    return (error as Error).message || 'failed without a message';
  } finally {
    enough.abort();
    late.catch(() => {});
  }
}
