import twilio from 'twilio';
import type { CallInstance, CallListInstanceCreateOptions } from 'twilio/lib/rest/api/v2010/account/call.js';
import { startSimulator } from '../../src/simulator/api/startSimulator.js';
import { type SimulatorOptions, simulatorCredentials } from '../../src/simulator/simulatorOptions.js';
import { type CallbackReceiver, type Received, startReceiver, until } from './callbackReceiver.js';

export const fromNumber = '+15005550006';
export const allEvents = ['initiated', 'ringing', 'answered', 'completed'];
export const finalStatuses = ['completed', 'busy', 'no-answer', 'failed', 'canceled'];
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
  createCall(
    to: string,
    more?: Partial<CallListInstanceCreateOptions>,
  ): Promise<CallInstance & { mark: string }>;
  /** The callbacks that carried this mark so far, in order of arrival. */
  callbacksOf(mark: string): Received[];
  /** The terminal callback, once it and every callback that fired before it have arrived. */
  terminalCallbackOf(mark: string): Promise<Record<string, string>>;
  /** The call as it truly is, from the control paths. */
  truth(to: string): Promise<{ calls: Truth[]; requests: number; made: number }>;
  /** Waits until every call to the number is over. */
  waitUntilOver(to: string): Promise<Truth>;
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

export async function startSimulatedTwilio(
  options: Partial<SimulatorOptions> = {},
): Promise<SimulatedTwilio> {
  const simulator = await startSimulator({
    ...simulatorCredentials,
    speed: 50,
    callsPerSecond: 10_000,
    ...options,
  });
  const receiver = await startReceiver();
  const client = twilioClient(simulator.url);
  let marks = 0;
  const simulated: SimulatedTwilio = {
    url: simulator.url,
    client,
    receiver,
    async createCall(to, more = {}) {
      const mark = `m${marks++}`;
      const call = await client.calls.create({
        to,
        from: fromNumber,
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
        simulated.callbacksOf(mark).find(({ params }) => finalStatuses.includes(params.CallStatus ?? ''));
      await until(() => simulated.callbacksOf(mark).length > Number(terminal()?.params.SequenceNumber));
      return terminal()?.params ?? {};
    },
    async truth(to) {
      const answer = await fetch(`${simulator.url}/simulator/calls`);
      const { dialed, calls } = (await answer.json()) as {
        dialed: { to: string; requests: number; calls: number }[];
        calls: Truth[];
      };
      const tallies = dialed.filter((tally) => tally.to === to);
      return {
        calls: calls.filter((call) => call.to === to),
        requests: tallies.reduce((sum, tally) => sum + tally.requests, 0),
        made: tallies.reduce((sum, tally) => sum + tally.calls, 0),
      };
    },
    async waitUntilOver(to) {
      let last: Truth | undefined;
      await until(async () => {
        const { calls } = await simulated.truth(to);
        last = calls[0];
        return calls.length > 0 && calls.every(({ status }) => finalStatuses.includes(status));
      });
      if (!last) throw new Error(`No call to ${to} was made.`);
      return last;
    },
    async close() {
      await simulator.close();
      await receiver.close();
    },
  };
  return simulated;
}
