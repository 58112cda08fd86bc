/** What a process has opened. Closes it in the opposite order, and goes on if a part fails to close. */
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
