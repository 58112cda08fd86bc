import type { TemporalSettings } from '../config/configurationReader.js';

/** How this process connects to Temporal. Renewed certificates replace the settings while it runs. */
export class TemporalAccess {
  #settings: TemporalSettings;
  #renewed = new AbortController();

  constructor(settings: TemporalSettings) {
    this.#settings = settings;
  }

  get settings(): TemporalSettings {
    return this.#settings;
  }

  /** Aborts when the settings of now are replaced. */
  get renewed(): AbortSignal {
    return this.#renewed.signal;
  }

  renew(settings: TemporalSettings): void {
    const before = this.#renewed;
    this.#settings = settings;
    this.#renewed = new AbortController();
    before.abort();
  }
}
