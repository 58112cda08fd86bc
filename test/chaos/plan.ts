import type { CallRequest, Outcome, RetryPolicyRequest } from '../../workflows/callRequest.js';
import { type Dice, diceOf } from './dice.js';
import { destinationBy } from './numberMix.js';

export interface PlannedCall {
  /** The `Idempotency-Key`. */
  key: string;
  atMs: number;
  request: CallRequest;
  /** Seconds from sending the request to `giveUpAt`. Null: no `giveUpAt`. */
  giveUpAfterSeconds: number | null;
  /** Milliseconds from the acceptance of the call to its cancel. Null: never. */
  cancelAfterMs: number | null;
  /** Whether the client requests a retry as soon as the call waits for one. */
  retryNow: boolean;
  /** Whether the client sends the same request twice at the same time. */
  postedTwice: boolean;
  /** What is special about this call, in a few words. */
  what: string;
}

export const targets = ['api', 'worker-1', 'worker-2', 'temporal', 'postgres'] as const;
export type Target = (typeof targets)[number];

/**
 * One fault of a process. `kill`: SIGKILL. `stop`: SIGTERM. `freeze`: SIGSTOP and later SIGCONT, as on a
 * machine that hangs for some seconds.
 */
export interface Fault {
  atMs: number;
  target: Target;
  kind: 'kill' | 'stop' | 'freeze';
  /** How long it is down or frozen. */
  forMs: number;
}

/** Kinds of callbacks that Twilio did not send, or not for this attempt. */
export const forgeries = [
  'unsigned',
  'wrong-token',
  'tampered',
  'moved-to-another-call',
  'another-sid',
  'attempt-not-begun',
  'no-such-call',
] as const;
export type ForgeryKind = (typeof forgeries)[number];
export interface Forgery {
  atMs: number;
  kind: ForgeryKind;
  /** Chooses one of the calls that run at that time: 0 or more, below 1. */
  victim: number;
}

/** An operator resets a workflow to one of its workflow tasks. */
export interface Reset {
  atMs: number;
  of: 'under way' | 'over';
  /** Chooses the workflow task: 0 or more, below 1. */
  point: number;
}

export interface Plan {
  seed: number;
  lengthMs: number;
  calls: PlannedCall[];
  faults: Fault[];
  forgeries: Forgery[];
  resets: Reset[];
}

/** A frozen worker delays a create request by at most this. The settings of the run allow for more. */
export const longestFreezeMs = 6_000;
/** From-numbers: few, so that calls between the same two numbers overlap. */
const fromNumbers = ['+15005550006', '+12025550101', '+12025550102'];
const meanMsBetweenFaults = 7_000;

/** Everything that is random in a run. Only the seed decides it. */
export function planOf(options: { seed: number; calls: number; seconds: number }): Plan {
  const { seed, calls, seconds } = options;
  const dice = diceOf(seed);
  const lengthMs = seconds * 1000;
  return {
    seed,
    lengthMs,
    calls: plannedCalls(dice, seed, calls, lengthMs * 0.85),
    faults: plannedFaults(dice, lengthMs),
    forgeries: plannedForgeries(dice, Math.max(forgeries.length, Math.round(calls / 5)), lengthMs),
    resets: plannedResets(dice, Math.max(2, Math.round(calls / 15)), lengthMs),
  };
}

function plannedCalls(dice: Dice, seed: number, count: number, withinMs: number): PlannedCall[] {
  const calls: PlannedCall[] = [];
  while (calls.length < count) {
    const destination = destinationBy(dice);
    const from = dice.pick(fromNumbers);
    const atMs = Math.round(dice.throw() * withinMs);
    // Several at the same time between the same two numbers: Twilio's list does not show which call belongs
    // to which.
    const together = dice.chance(0.15) ? dice.between(2, 3) : 1;
    for (let i = 0; i < together && calls.length < count; i++) {
      const retry = dice.chance(0.5) ? policyBy(dice) : null;
      const cancel = dice.chance(destination.long ? 0.6 : 0.12);
      calls.push({
        key: `chaos-${seed}-${calls.length}`,
        atMs: atMs + (i === 0 ? 0 : dice.between(0, 300)),
        request: {
          to: destination.to,
          from,
          twiml: '<Response><Say>Hello</Say></Response>',
          lookup: 'off',
          metadata: { chaos: String(calls.length) },
          ...destination.options,
          ...(retry && { retry: retry.policy }),
        },
        giveUpAfterSeconds: dice.chance(0.05) ? dice.between(20, 60) : null,
        cancelAfterMs: cancel ? dice.between(0, 9_000) : null,
        retryNow: retry?.now ?? false,
        postedTwice: dice.chance(0.1),
        what: `${destination.what}${together > 1 ? ', several at once' : ''}`,
      });
    }
  }
  return calls.sort((a, b) => a.atMs - b.atMs);
}

/** Retries after a second; or after a long time, and then the client requests the retry earlier. */
function policyBy(dice: Dice): { policy: RetryPolicyRequest; now: boolean } {
  const now = dice.chance(0.25);
  const seconds = now ? 20 : 1;
  return {
    now,
    policy: {
      maxAttempts: dice.between(2, 3),
      // Only callbacks have the SIP code that distinguishes failed from no-answer.
      retryOn: dice.weighted<Outcome[]>([
        [4, ['busy', 'no-answer', 'failed', 'rejected']],
        [1, ['failed']],
        [1, ['busy', 'no-answer']],
      ]),
      initialIntervalSeconds: seconds,
      backoffCoefficient: 1,
      maximumIntervalSeconds: seconds,
    },
  };
}

/** Each kind once, and then at random. */
function plannedFaults(dice: Dice, lengthMs: number): Fault[] {
  const once: Pick<Fault, 'target' | 'kind'>[] = dice.shuffled([
    { target: 'worker-1', kind: 'kill' },
    { target: 'worker-2', kind: 'freeze' },
    { target: dice.pick(['worker-1', 'worker-2']), kind: 'stop' },
    { target: 'api', kind: 'kill' },
    { target: 'temporal', kind: 'kill' },
    { target: 'postgres', kind: 'kill' },
  ]);
  const count = Math.max(once.length, Math.round(lengthMs / meanMsBetweenFaults));
  const faults = [...Array(count).keys()].map((i): Fault => {
    const { target, kind } = once[i] ?? faultBy(dice);
    const atMs = Math.round(dice.throw() * lengthMs * 0.9);
    const forMs = kind === 'freeze' ? dice.between(1_500, longestFreezeMs) : dice.between(500, 4_000);
    return { atMs, target, kind, forMs };
  });
  return faults.sort((a, b) => a.atMs - b.atMs);
}

function faultBy(dice: Dice): Pick<Fault, 'target' | 'kind'> {
  const target = dice.weighted<Target>([
    [25, 'worker-1'],
    [25, 'worker-2'],
    [20, 'api'],
    [15, 'temporal'],
    [15, 'postgres'],
  ]);
  const isOurs = target !== 'temporal' && target !== 'postgres';
  const kind = dice.weighted<Fault['kind']>([
    [60, 'kill'],
    [20, 'stop'],
    [isOurs ? 20 : 0, 'freeze'],
  ]);
  return { target, kind };
}

function plannedForgeries(dice: Dice, count: number, lengthMs: number): Forgery[] {
  return [...Array(count).keys()]
    .map((i): Forgery => {
      const kind = forgeries[i % forgeries.length] as ForgeryKind;
      return { kind, atMs: Math.round(lengthMs * (0.1 + 0.85 * dice.throw())), victim: dice.throw() };
    })
    .sort((a, b) => a.atMs - b.atMs);
}

function plannedResets(dice: Dice, count: number, lengthMs: number): Reset[] {
  return [...Array(count).keys()]
    .map((i): Reset => {
      const atMs = Math.round(lengthMs * (0.3 + 0.7 * dice.throw()));
      return { of: i % 2 === 0 ? 'under way' : 'over', atMs, point: dice.throw() };
    })
    .sort((a, b) => a.atMs - b.atMs);
}
