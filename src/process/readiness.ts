import { setTimeout as pause } from 'node:timers/promises';

/** A probe without an answer after this time counts as failed: health checks rarely wait longer. */
const probeWithinMs = 3000;
/** Anyone may ask for readiness, so answers of probes are shared for this long: they cost requests. */
const sharedForMs = 1000;

/** What a process needs in order to serve, part by part, and what is wrong with each part. For `/readyz`. */
export class Readiness {
  readonly #troubles = new Map<string, string | null>();
  readonly #notes = new Map<string, string>();
  readonly #probes = new Map<string, () => Promise<unknown>>();
  #shared: { until: number; answers: Promise<(readonly [part: string, answer: string])[]> } | null = null;

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

  /** Asks about a part, at most once a second. The message of what `ask` throws is the trouble. */
  probe(part: string, ask: () => Promise<unknown>): void {
    this.#probes.set(part, ask);
    this.#shared = null;
  }

  /** Ready unless a part is in trouble. Each part is `ok`, its trouble, or its note. */
  async check(): Promise<{ ready: boolean; checks: Record<string, string> }> {
    const checks = new Map<string, string>(await this.#probeAnswers());
    for (const [part, trouble] of this.#troubles)
      if (trouble !== null || !checks.has(part)) checks.set(part, trouble ?? 'ok');
    const ready = [...checks.values()].every((result) => result === 'ok');
    const parts = [...checks, ...this.#notes].sort(([a], [b]) => (a < b ? -1 : 1));
    return { ready, checks: Object.fromEntries(parts) };
  }

  #probeAnswers(): Promise<(readonly [part: string, answer: string])[]> {
    if (this.#shared !== null && performance.now() < this.#shared.until) return this.#shared.answers;
    const answers = Promise.all(
      [...this.#probes].map(async ([part, ask]) => [part, await answerOf(ask)] as const),
    );
    const shared = { until: Number.POSITIVE_INFINITY, answers };
    this.#shared = shared;
    // Counted from the answer: while probes hang, they do not pile up.
    void answers.then(() => {
      shared.until = performance.now() + sharedForMs;
    });
    return answers;
  }
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
