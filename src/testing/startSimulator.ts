import { startSimulator as start } from '../simulator/api/startSimulator.js';
import type { ControlView } from '../simulator/calls/controlView.js';
import { type SimulatorOptions, simulatorCredentials } from '../simulator/simulatorOptions.js';

export type { SimulatorOptions };

/** A call that the simulator made, as it truly is. */
export type SimulatedCall = ControlView;

/** Numbers of the simulator, by what a call to them does. `docs/simulator.md` has them all. */
export const numbers = {
  human: '+15005551200',
  machine: '+15005558002',
  busy: '+15005552486',
  noAnswer: '+15005553487',
  failed: '+15005555503',
  /** Fails with SIP 480: phone off or out of coverage. */
  unavailable: '+15005555480',
  /** Lookup says that there is no such number. */
  invalid: '+15008100000',
  /** Twilio refuses to dial it. */
  refused: '+15005550004',
  /** The call is made, and the answer to the create request is lost. */
  lostAnswer: '+15009020000',
  /** All status callbacks are lost. */
  lostCallbacks: '+15009001000',
} as const;

/** What a call does: a name of `numbers`, or any number of the simulator. */
export type Behavior = keyof typeof numbers | `+${string}`;

/** A Twilio for tests, in this process. */
export interface TestSimulator {
  /** Its origin: the `TWILIO_BASE_URL` of ringtrue, or the base URL of Twilio's own client. */
  readonly url: string;
  readonly accountSid: string;
  readonly authToken: string;
  /** The variables with which ringtrue uses it. */
  readonly env: { TWILIO_BASE_URL: string; TWILIO_ACCOUNT_SID: string; TWILIO_AUTH_TOKEN: string };
  /** Every call that was made, newest first; with `to`, those to this number. */
  calls(to?: string): SimulatedCall[];
  /** From now on, calls to this number do so. */
  behave(to: string, behavior: Behavior): void;
  /** Forgets all calls and behaviors, and ends what runs. */
  reset(): void;
  /** Cuts every connection, and frees the port. */
  stop(): Promise<void>;
}

/**
 * Starts the Twilio simulator on a free port of loopback. By default a call lives fifty times as fast as a real one,
 * and calls are not held up by a rate limit. Throws if an option is wrong or the port is taken.
 */
export async function startSimulator(options: Partial<SimulatorOptions> = {}): Promise<TestSimulator> {
  const account = { ...simulatorCredentials, callsPerSecond: 1000, speed: 50, ...options };
  const simulator = await start(account);
  const { url } = simulator;
  const { accountSid, authToken } = account;
  return {
    url,
    accountSid,
    authToken,
    env: { TWILIO_BASE_URL: url, TWILIO_ACCOUNT_SID: accountSid, TWILIO_AUTH_TOKEN: authToken },
    calls: (to) => simulator.calls().filter((call) => to === undefined || call.to === to),
    behave(to, behavior) {
      const other = Object.hasOwn(numbers, behavior) ? numbers[behavior as keyof typeof numbers] : behavior;
      if (!/^\+[1-9]\d{1,14}$/.test(other))
        throw new TypeError(
          `The behavior is ${JSON.stringify(behavior)}; must be a number of the simulator, or one of ${Object.keys(numbers).join(', ')}`,
        );
      simulator.behaveLike(to, other);
    },
    reset: () => simulator.reset(),
    stop: () => simulator.close(),
  };
}
