/** Called for each workflow that is at its last activity. */
export const atTheLast: { onCall: () => void } = { onCall: () => {} };

export const yardstickActivities = {
  async first(): Promise<void> {},
  async second(): Promise<void> {},
  async third(): Promise<void> {
    atTheLast.onCall();
  },
};
