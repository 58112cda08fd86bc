/** What a process has opened, to be closed in the opposite order, each part even when another fails. */
export class Closing {
  readonly #steps: { what: string; close: () => Promise<unknown> }[] = [];

  add(what: string, close: () => Promise<unknown>): void {
    this.#steps.push({ what, close });
  }

  async closeAll(onFailure: (what: string, error: unknown) => void): Promise<void> {
    for (let step = this.#steps.pop(); step; step = this.#steps.pop()) {
      try {
        await step.close();
      } catch (error) {
        onFailure(step.what, error);
      }
    }
  }
}
