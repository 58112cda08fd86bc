import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';
import type net from 'node:net';
import type { AddressInfo } from 'node:net';
import type { Info } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { Webhook } from 'standardwebhooks';
import { afterEach, expect } from 'vitest';
import type { ActivityDeps, ActivityEvent } from '../../activities/deps/activityDeps.js';
import type { NotifySettings } from '../../activities/deps/activitySettings.js';
import { notifyOutcome } from '../../activities/notifyOutcome.js';
import type { AttemptEnded, Notification } from '../../workflows/callActivities.js';
import type { Attempt, CallOutcome } from '../../workflows/callOutcome.js';

export const secret = newSecret();

export const outcome: CallOutcome = {
  callId: 'order-17',
  to: '+15005550006',
  from: '+15005550001',
  metadata: { order: '17' },
  outcome: 'answered',
  answeredBy: 'human',
  reachability: 'reachable',
  reason: null,
  decidedBy: 'webhook',
  callSid: `CA${'0'.repeat(32)}`,
  errorCode: null,
  sipResponseCode: 200,
  durationSeconds: 12,
  attempts: [attempt(1)],
  endedBecause: { code: 'answered', message: 'The call was answered' },
  requestedBy: null,
  controls: [],
  timeline: [],
  startedAt: '2026-07-01T10:00:00.000Z',
  endedAt: '2026-07-01T10:01:00.000Z',
  lookup: null,
};

export function attempt(number: number): Attempt {
  return {
    number,
    callSid: `CA${'0'.repeat(32)}`,
    status: 'completed',
    outcome: 'answered',
    decidedBy: 'webhook',
    errorCode: null,
    sipResponseCode: 200,
    placedAt: '2026-07-01T10:00:10.000Z',
    answeredAt: '2026-07-01T10:00:20.000Z',
    endedAt: '2026-07-01T10:00:32.000Z',
    durationSeconds: 12,
    answeredBy: 'human',
    reason: null,
    evidence: { create: null, updates: [], disagreed: false },
  };
}

/** An attempt as the client is notified of it. */
export function ended(number: number, differing: Partial<AttemptEnded> = {}): AttemptEnded {
  return {
    metadata: { order: '17' },
    ...attempt(number),
    isLast: true,
    count: number,
    nextAttemptAt: null,
    revision: 1,
    ...differing,
  };
}

/** Runs the activity once, as Temporal would. */
export async function notify({
  url,
  callId = outcome.callId,
  type = 'call.ended',
  payload = outcome,
  secrets = [secret],
  allowPrivate = true,
  timeoutMs,
  environment = quietEnvironment(),
  events = [],
}: {
  url: string;
  callId?: string;
  type?: Notification['type'];
  payload?: Notification['payload'];
  secrets?: string[];
  allowPrivate?: boolean;
  timeoutMs?: number;
  environment?: MockActivityEnvironment;
  events?: ActivityEvent[];
}): Promise<void> {
  const settings: NotifySettings = { secrets, allowPrivate };
  const activity = notifyOutcome(
    { settings: { notify: settings }, emit: (event) => void events.push(event) } as ActivityDeps,
    timeoutMs === undefined ? {} : { timeoutMs },
  );
  await environment.run(activity, { callId, url, type, payload } as Notification);
}

/** Failures are what these tests are about: they need not be logged. */
export function quietEnvironment(info: Partial<Info> = {}): MockActivityEnvironment {
  return new MockActivityEnvironment(info, { logger: new DefaultLogger('ERROR') });
}

export async function failureOf(request: Promise<void>): Promise<ApplicationFailure> {
  const failure = await request.then(
    () => null,
    (error: unknown) => error,
  );
  expect(failure).toBeInstanceOf(ApplicationFailure);
  return failure as ApplicationFailure;
}

export interface ReceivedRequest {
  method: string | undefined;
  url: string | undefined;
  headers: http.IncomingHttpHeaders;
  body: string;
}

export function verified(request: ReceivedRequest | undefined, withSecret: string): unknown {
  return new Webhook(withSecret).verify(request?.body ?? '', request?.headers as Record<string, string>);
}

export function newSecret(bytes = 32): string {
  return `whsec_${randomBytes(bytes).toString('base64')}`;
}

interface Answer {
  /** Null: none, ever. */
  status: number | null;
  headers?: Record<string, string>;
  body?: string;
  endless?: boolean;
  /** Sends the headers and the beginning of the body, and never the rest. */
  halting?: boolean;
}

const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

/** Somebody's server, on loopback. */
export async function startReceiver(answer: Answer = { status: 200 }) {
  const requests: ReceivedRequest[] = [];
  const server = http.createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    requests.push({ method: request.method, url: request.url, headers: request.headers, body });
    const {
      status,
      headers = {},
      body: responseBody = '{"ignored":true}',
      endless = false,
      halting = false,
    } = receiver.answerTo(body);
    if (status === null) return;
    response.writeHead(status, headers);
    if (halting) return response.write(responseBody.slice(0, 10));
    if (!endless) return response.end(responseBody);
    const more = () => !response.destroyed && response.write('x'.repeat(16_384), () => setImmediate(more));
    more();
  });
  const incoming = once(server, 'request') as Promise<[http.IncomingMessage, http.ServerResponse]>;
  const { port } = await listen(server);
  const host = `127.0.0.1:${port}`;
  const receiver = {
    answer,
    answerTo: (_body: string): Answer => receiver.answer,
    requests,
    host,
    origin: `http://${host}`,
    incoming,
    leftAlone: incoming.then(([, response]) => once(response, 'close')),
    stop: () => closed(server),
  };
  return receiver;
}

export async function listen(server: net.Server): Promise<AddressInfo> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  stops.push(() => closed(server));
  return server.address() as AddressInfo;
}

function closed(server: net.Server): Promise<void> {
  if (server instanceof http.Server) server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}
