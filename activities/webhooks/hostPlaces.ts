/** As many requests to the host as may be are under way. Nothing was sent. */
export class HostFull extends Error {
  override readonly name = 'HostFull';

  constructor(host: string, underWay: number) {
    super(`${underWay} requests to ${host} are under way without an answer`);
  }
}

export interface HostPlaces {
  /** Does the work if its host has a free place. Throws `HostFull` at once if not, and what the work throws. */
  run<T>(host: string, work: () => Promise<T>): Promise<T>;
}

/** More hosts than these without any request under way are forgotten. */
const maxIdleHosts = 1000;

/**
 * Bounds how many requests to one host are under way at once, so that a host that is slow delays only what is
 * for this host. A host whose last answer did not come in time gets fewer places until it answers.
 */
export function hostPlaces(
  { places, placesWhileSilent }: { places: number; placesWhileSilent: number },
  isSilence: (error: unknown) => boolean,
): HostPlaces {
  const hosts = new Map<string, { underWay: number; isSilent: boolean }>();

  function stateOf(host: string) {
    const known = hosts.get(host);
    if (known) return known;
    if (hosts.size >= maxIdleHosts)
      for (const [name, { underWay }] of hosts) if (underWay === 0) hosts.delete(name);
    const state = { underWay: 0, isSilent: false };
    hosts.set(host, state);
    return state;
  }

  return {
    async run(host, work) {
      const state = stateOf(host);
      if (state.underWay >= (state.isSilent ? placesWhileSilent : places))
        throw new HostFull(host, state.underWay);
      state.underWay++;
      try {
        const result = await work();
        state.isSilent = false;
        return result;
      } catch (error) {
        if (isSilence(error)) state.isSilent = true;
        throw error;
      } finally {
        state.underWay--;
        if (state.underWay === 0 && !state.isSilent) hosts.delete(host);
      }
    },
  };
}
