import { randomUUID } from 'node:crypto';
import pino from 'pino';
import { Registry } from 'prom-client';
import { afterAll, beforeAll, inject } from 'vitest';
import { type FurtherAccounts, noFurtherAccounts } from '../../activities/accounts/account.js';
import type { ActivitySettings } from '../../activities/deps/activitySettings.js';
import { openStore } from '../../activities/store/openStore.js';
import type { OutcomeStore } from '../../activities/store/outcomeStore.js';
import { createApi } from '../../src/api/createApi.js';
import { freePort } from '../../src/process/freePort.js';
import { type HttpServer, listen } from '../../src/process/httpServer.js';
import { startSimulator } from '../../src/simulator/api/startSimulator.js';
import { type SimulatedAccount, simulatorCredentials } from '../../src/simulator/simulatorOptions.js';
import type { CallOutcome, CallState } from '../../workflows/callOutcome.js';
import { type CallBench, startCallBench } from '../support/callBench.js';

/** What the simulator knows of a call that it made. */
export interface SimulatorCall {
  sid: string;
  to: string;
  status: string;
  statusCallback: string | null;
  callbacksSent: number;
}

export interface EndToEndStack {
  bench: CallBench;
  store: OutcomeStore;
  /** Posts a request and waits over HTTP until the call is done. */
  call(request: Record<string, unknown>): Promise<CallOutcome>;
  /** Every call that the simulator made to a number. */
  simulated(to: string): Promise<SimulatorCall[]>;
  apiUrl: string;
  simulatorUrl: string;
}

/** Twilio accounts besides the main one. */
interface FurtherParts {
  /** What the simulator has. */
  simulated?: SimulatedAccount[];
  /** What API and worker are configured with. */
  accountsAt?: (simulatorUrl: string, store: OutcomeStore) => Promise<FurtherAccounts>;
}

/** API, worker, store and simulator, connected by real HTTP, as in production. */
export function useEndToEndStack(
  settings: Partial<ActivitySettings> = {},
  speed = 10,
  { simulated = [], accountsAt = async () => noFurtherAccounts }: FurtherParts = {},
): EndToEndStack {
  const stack = {} as EndToEndStack;
  const stops: (() => Promise<unknown>)[] = [];
  beforeAll(async () => {
    const simulator = await startSimulator({
      ...simulatorCredentials,
      speed,
      callsPerSecond: 1000,
      accounts: () => simulated,
    });
    stops.unshift(() => simulator.close());
    stack.store = await openStore({ databaseUrl: inject('databaseUrl') });
    stops.unshift(() => stack.store.close());
    const accounts = await accountsAt(simulator.url, stack.store);
    const port = await freePort('127.0.0.1');
    const publicUrl = `http://127.0.0.1:${port}`;
    const { accountSid, authToken } = simulatorCredentials;
    stack.bench = await startCallBench({
      store: stack.store,
      twilioUrl: simulator.url,
      settings: {
        twilio: { accountSid, username: accountSid, password: authToken, baseUrl: simulator.url },
        publicUrl,
        accounts,
        ...settings,
      },
    });
    stops.unshift(() => stack.bench.stop());
    const api = createApi({
      temporal: stack.bench.client,
      store: stack.store,
      taskQueue: stack.bench.taskQueue,
      publicUrl: stack.bench.settings.publicUrl,
      progress: 'signal',
      accountSid,
      accounts: stack.bench.settings.accounts,
      twilioAuthTokens: [authToken],
      apiTokens: [],
      policies: () => stack.bench.settings.policies(),
      defaultFrom: stack.bench.settings.defaultFrom,
      rules: stack.bench.settings,
      readiness: async () => ({ ready: true, checks: {} }),
      metrics: new Registry(),
      log: pino({ level: 'silent' }),
    });
    const server: HttpServer = await listen(api, { host: '127.0.0.1', port, what: 'API', variable: 'PORT' });
    stops.unshift(() => server.close());

    stack.apiUrl = publicUrl;
    stack.simulatorUrl = simulator.url;
    stack.call = async (request) => {
      const posted = await fetch(`${publicUrl}/calls`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'idempotency-key': randomUUID() },
        body: JSON.stringify({ twiml: '<Response/>', ...request }),
      });
      if (posted.status !== 202) throw new Error(`POST /calls: ${posted.status} ${await posted.text()}`);
      const { callId } = (await posted.json()) as { callId: string };
      for (;;) {
        const read = await fetch(`${publicUrl}/calls/${callId}?wait=60`);
        const state = (await read.json()) as CallState;
        if (state.outcome) return state.outcome;
      }
    };
    stack.simulated = async (to) => {
      const answer = await fetch(`${simulator.url}/simulator/calls`);
      const { calls } = (await answer.json()) as { calls: SimulatorCall[] };
      return calls.filter((call) => call.to === to);
    };
  });
  afterAll(async () => {
    for (const stop of stops) await stop();
  });
  return stack;
}
