import twilio from 'twilio';
import type { CallInstance, CallListInstanceCreateOptions } from 'twilio/lib/rest/api/v2010/account/call.js';
import { type SimulatorOptions, simulatorCredentials } from '../../src/simulator/simulatorOptions.js';
import { startSimulator } from '../../src/simulator/startSimulator.js';
import { type CallbackReceiver, type Received, startReceiver, until } from './callbackReceiver.js';

export const caller = '+15005550006';
export const allEvents = ['initiated', 'ringing', 'answered', 'completed'];
export const finalWords = ['completed', 'busy', 'no-answer', 'failed', 'canceled'];
const { accountSid, authToken } = simulatorCredentials;

/** The real SDK, pointed at another origin. */
export function twilioClient(origin: string, timeout = 10_000): twilio.Twilio {
  const client = twilio(accountSid, authToken, { timeout });
  client.api.baseUrl = origin;
  client.lookups.baseUrl = origin;
  return client;
}

/** A simulator in a hurry, a customer's web server, and Twilio's SDK between them. */
export interface SimulatedTwilio {
  url: string;
  client: twilio.Twilio;
  receiver: CallbackReceiver;
  /** Creates a call with every callback subscribed; `mark` tells its callbacks apart. */
  dial(to: string, more?: Partial<CallListInstanceCreateOptions>): Promise<CallInstance & { mark: string }>;
  /** The callbacks that carried this mark so far, in order of arrival. */
  callbacksOf(mark: string): Received[];
  /** The terminal callback, once it and every callback that fired before it have arrived. */
  terminalCallbackOf(mark: string): Promise<Record<string, string>>;
  /** The call as it truly is, from the control paths. */
  truth(to: string): Promise<{ calls: Truth[]; requests: number; made: number }>;
  /** Waits until every call to the number is over. */
  over(to: string): Promise<Truth>;
  close(): Promise<void>;
}

export interface Truth {
  sid: string;
  to: string;
  status: string;
  sipResponseCode: number | null;
  durationSeconds: number | null;
  createdAt: string;
  startedAt: string | null;
  callbacksSent: number;
  eventsFired: number;
  statusCallback: string | null;
  notifications: { code: number; text: string }[];
}

export async function startTwilio(options: Partial<SimulatorOptions> = {}): Promise<SimulatedTwilio> {
  const simulator = await startSimulator({
    ...simulatorCredentials,
    speed: 50,
    callsPerSecond: 10_000,
    ...options,
  });
  const receiver = await startReceiver();
  const client = twilioClient(simulator.url);
  let marks = 0;
  const house: SimulatedTwilio = {
    url: simulator.url,
    client,
    receiver,
    async dial(to, more = {}) {
      const mark = `m${marks++}`;
      const call = await client.calls.create({
        to,
        from: caller,
        twiml: '<Response/>',
        statusCallback: `${receiver.origin}/status?mark=${mark}`,
        statusCallbackEvent: allEvents,
        ...more,
      } as CallListInstanceCreateOptions);
      return Object.assign(call, { mark });
    },
    callbacksOf: (mark) => receiver.received.filter(({ url }) => url.includes(`mark=${mark}`)),
    async terminalCallbackOf(mark) {
      const terminal = () =>
        house.callbacksOf(mark).find(({ params }) => finalWords.includes(params.CallStatus ?? ''));
      await until(() => house.callbacksOf(mark).length > Number(terminal()?.params.SequenceNumber));
      return terminal()?.params ?? {};
    },
    async truth(to) {
      const answer = await fetch(`${simulator.url}/simulator/calls`);
      const { dialled, calls } = (await answer.json()) as {
        dialled: { to: string; requests: number; calls: number }[];
        calls: Truth[];
      };
      const tallies = dialled.filter((tally) => tally.to === to);
      return {
        calls: calls.filter((call) => call.to === to),
        requests: tallies.reduce((sum, tally) => sum + tally.requests, 0),
        made: tallies.reduce((sum, tally) => sum + tally.calls, 0),
      };
    },
    async over(to) {
      let last: Truth | undefined;
      await until(async () => {
        const { calls } = await house.truth(to);
        last = calls[0];
        return calls.length > 0 && calls.every(({ status }) => finalWords.includes(status));
      });
      if (!last) throw new Error(`No call to ${to} was made.`);
      return last;
    },
    async close() {
      await simulator.close();
      await receiver.close();
    },
  };
  return house;
}
