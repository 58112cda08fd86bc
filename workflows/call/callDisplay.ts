import { setCurrentDetails, upsertSearchAttributes, workflowInfo } from '@temporalio/workflow';
import type { CallState, TimelineEntry } from '../callOutcome.js';
import { maskNumber } from '../rules/phoneNumber.js';
import { searchAttribute } from './searchAttributes.js';
import { now } from './workflowTime.js';

/** Entries of the timeline that stay readable in Temporal's UI, and small in the record. */
const maxEntries = 60;

/** What Temporal's UI shows of a call: search attributes for its lists, and a timeline in the run's current details. */
export class CallDisplay {
  readonly #describe: () => CallState;
  readonly #searchableTo: () => string | null;
  readonly timeline: TimelineEntry[] = [];
  readonly #published = new Map<string, string | number>();

  /** `searchableTo`: what search attributes hold for the number. */
  constructor(describe: () => CallState, searchableTo: () => string | null) {
    this.#describe = describe;
    this.#searchableTo = searchableTo;
    const given = workflowInfo().typedSearchAttributes;
    for (const key of [searchAttribute.to, searchAttribute.state]) {
      const value = given.get(key);
      if (value !== undefined) this.#published.set(key.name, value);
    }
  }

  /** Adds an entry to the timeline, unless it repeats the last one. The first entry stays; then the oldest goes first. */
  note(text: string): void {
    if (this.timeline.at(-1)?.text === text) return;
    this.timeline.push({ at: now(), text });
    if (this.timeline.length > maxEntries) this.timeline.splice(1, 1);
    this.#showDetails();
  }

  /**
   * Shows where the call stands. Called before a wait and at the end, not at each step, since every changed search
   * attribute costs an event of history.
   */
  publish(): void {
    const { state, attempts, outcome } = this.#describe();
    const values = [
      { key: searchAttribute.to, value: this.#searchableTo() },
      { key: searchAttribute.state, value: state },
      { key: searchAttribute.attempts, value: attempts.length },
      { key: searchAttribute.callSid, value: attempts.at(-1)?.callSid ?? null },
      { key: searchAttribute.outcome, value: outcome?.outcome ?? null },
      { key: searchAttribute.errorCode, value: outcome?.errorCode ?? null },
    ].filter(({ key, value }) => value !== null && this.#published.get(key.name) !== value);
    if (values.length > 0) {
      for (const { key, value } of values) this.#published.set(key.name, value as string | number);
      upsertSearchAttributes(values as Parameters<typeof upsertSearchAttributes>[0]);
    }
    this.#showDetails();
  }

  #showDetails(): void {
    const { to, state, attempts, outcome, waitingFor } = this.#describe();
    const destination = to ? ` to ${maskNumber(to)}` : '';
    const wait = waitingFor ? `\n\nWaiting for: ${waitingFor}` : '';
    const lines = this.timeline.map(({ at, text }) => `- \`${at.slice(0, 10)} ${at.slice(11, 19)}\` ${text}`);
    setCurrentDetails(
      `**${outcome?.outcome ?? state}**${destination}, attempt ${attempts.length}${wait}\n\n${lines.join('\n')}`,
    );
  }
}
