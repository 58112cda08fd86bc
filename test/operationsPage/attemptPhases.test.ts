import { expect, it } from 'vitest';
import { attemptPhases } from '../../src/api/operations-page/call/attemptPhases.js';
import type { Attempt, CallUpdate } from '../../workflows/callOutcome.js';

const at = (second: number) => new Date(Date.UTC(2026, 0, 31, 9, 0, second)).toISOString();
const ringing = (second: number) => ({ status: 'ringing', at: at(second) }) as CallUpdate;

function attempt(times: {
  placed: number;
  rang?: number;
  answered?: number;
  ended?: number;
  running?: true;
}): Attempt {
  return {
    placedAt: at(times.placed),
    answeredAt: times.answered === undefined ? null : at(times.answered),
    endedAt: times.ended === undefined ? null : at(times.ended),
    outcome: times.running ? null : 'answered',
    evidence: {
      create: null,
      updates: times.rang === undefined ? [] : [ringing(times.rang)],
      disagreed: false,
    },
  } as unknown as Attempt;
}

it.each([
  ['answered', { placed: 10, rang: 12, answered: 15, ended: 45 }, [10, 2, 3, 30], 0],
  ['not answered', { placed: 10, rang: 12, ended: 42 }, [10, 2, 30, 0], 0],
  ['never rang', { placed: 10, ended: 13 }, [10, 3, 0, 0], 0],
  ['rings now', { placed: 10, rang: 12, running: true }, [10, 2, 48, 0], 0],
  ["Twilio's clock is a second behind", { placed: 11, rang: 10, ended: 20 }, [11, 0, 10, 0], 0],
  ["Twilio's clock is far behind", { placed: 30, rang: 10, ended: 20 }, [30, 0, 10, 0], 1],
  ['everything is before the placement', { placed: 40, rang: 30, answered: 20, ended: 10 }, [40, 0, 0, 0], 3],
] as const)('%s: no phase is negative, and differing clocks are named', (_, times, seconds, skew) => {
  const phases = attemptPhases(attempt(times), { from: at(0), now: at(60) });
  expect([phases.waited, phases.queued, phases.rang, phases.talked]).toEqual(seconds);
  expect(phases.skew).toHaveLength(skew);
});
