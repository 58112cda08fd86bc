import type { SimulatedAccount, SimulatorOptions } from '../simulatorOptions.js';
import { CallEngine } from './callEngine.js';

/** The engines of all accounts. Each has its own calls, rate limit and queue, as an account of Twilio has. */
export class AccountEngines {
  readonly #options: SimulatorOptions;
  readonly #engines = new Map<string, CallEngine>();
  /** Numbers that behave like others, in every account. */
  readonly #likes = new Map<string, string>();

  constructor(options: SimulatorOptions) {
    this.#options = options;
  }

  /** The accounts of now: those besides the main one may come and go. */
  accounts(): SimulatedAccount[] {
    const { accountSid, authToken, apiKeys = [], callsPerSecond, account, accounts } = this.#options;
    const main = {
      accountSid,
      authToken,
      apiKeys,
      ...(callsPerSecond === undefined ? {} : { callsPerSecond }),
      ...(account === undefined ? {} : { account }),
    };
    return [main, ...(accounts?.() ?? [])];
  }

  /** The engine of an account, made with its first use. */
  of(account: SimulatedAccount): CallEngine {
    const known = this.#engines.get(account.accountSid);
    if (known) return known;
    const { account: _ofMain, ...options } = this.#options;
    const engine = new CallEngine({ ...options, ...account });
    for (const [to, other] of this.#likes) engine.behaveLike(to, other);
    this.#engines.set(account.accountSid, engine);
    return engine;
  }

  all(): CallEngine[] {
    return this.accounts().map((account) => this.of(account));
  }

  /** From now on, calls to `to` do what the digits of `other` say. Null: those of its own again. */
  behaveLike(to: string, other: string | null): void {
    if (other === null) this.#likes.delete(to);
    else this.#likes.set(to, other);
    for (const engine of this.#engines.values()) engine.behaveLike(to, other);
  }

  reset(): void {
    this.#likes.clear();
    for (const engine of this.#engines.values()) engine.reset();
  }

  stop(): void {
    for (const engine of this.#engines.values()) engine.stop();
  }
}
