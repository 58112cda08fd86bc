/** Hears of each workflow that is at its last activity. */
export const atTheLast: { heard: () => void } = { heard: () => {} };

export const yardstickActivities = {
  async first(): Promise<void> {},
  async second(): Promise<void> {},
  async third(): Promise<void> {
    atTheLast.heard();
  },
};
