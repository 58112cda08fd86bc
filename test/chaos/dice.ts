/** Random values that a seed decides: the same values in the same order on every machine. */
export interface Dice {
  /** 0 or more, below 1. */
  throw(): number;
  /** A whole number, both ends included. */
  between(min: number, max: number): number;
  chance(probability: number): boolean;
  pick<T>(from: readonly T[]): T;
  /** Picks by weight. */
  weighted<T>(from: readonly (readonly [weight: number, what: T])[]): T;
  shuffled<T>(from: readonly T[]): T[];
}

/** Source: mulberry32 by Tommy Ettinger, in the public domain. */
export function diceOf(seed: number): Dice {
  let state = seed | 0;
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
  const dice: Dice = {
    throw: next,
    between: (min, max) => min + Math.floor(next() * (max - min + 1)),
    chance: (probability) => next() < probability,
    pick: (from) => {
      const picked = from[Math.floor(next() * from.length)];
      if (picked === undefined) throw new Error('Nothing to pick from.');
      return picked;
    },
    weighted: (from) => {
      let rest = next() * from.reduce((sum, [weight]) => sum + weight, 0);
      for (const [weight, what] of from) {
        rest -= weight;
        if (rest < 0) return what;
      }
      throw new Error('Nothing to pick from.');
    },
    shuffled: (from) => {
      const rest = [...from];
      return from.map(() => rest.splice(Math.floor(next() * rest.length), 1)[0] as (typeof from)[number]);
    },
  };
  return dice;
}
