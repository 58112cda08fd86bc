import type { AnsweredBy, FinalStatus } from '../numbers/callCourses.js';
import type { NumberBehavior } from '../numbers/numberBehavior.js';
import { newSid } from '../sid.js';
import type { CreateRequest } from './createRequest.js';

/** The statuses of the Call resource. */
export type ResourceStatus = 'queued' | 'ringing' | 'in-progress' | FinalStatus;

/** The state of a call from a moment on. */
export interface Moment {
  at: Date;
  status: ResourceStatus;
  /** When dialing began. */
  startedAt: Date | null;
  answeredAt: Date | null;
  endedAt: Date | null;
  durationSeconds: number | null;
  answeredBy: AnsweredBy | null;
  sip: number | null;
}

/** One of the call's Notifications. */
export interface CallNotification {
  sid: string;
  code: number;
  text: string;
  level: 'error' | 'warning';
  at: Date;
  /** The earliest time at which it can be read. */
  visibleFrom: Date;
  requestUrl: string | null;
  requestMethod: 'GET' | 'POST' | null;
}

/** A request in the call's Events: a callback, or the create itself. */
export interface CallRequestRecord {
  method: string;
  url: string;
  /** As sent; Events shows the names in snake_case. */
  params: Record<string, string>;
  at: Date;
  response: { status: number | null; contentType: string | null; body: string; milliseconds: number } | null;
}

export interface SimulatedCall {
  readonly sid: string;
  readonly accountSid: string;
  readonly request: CreateRequest;
  readonly behavior: NumberBehavior;
  readonly createdAt: Date;
  /** The expected wait in the queue when the call was created, in milliseconds of call time. */
  queueMilliseconds: number;
  /** All states so far, oldest first; never empty. */
  readonly moments: Moment[];
  readonly notifications: CallNotification[];
  readonly requests: CallRequestRecord[];
  /** The number of events so far, which is the next `SequenceNumber`. */
  eventsFired: number;
  callbacksSent: number;
}

export const finalStatuses: ReadonlySet<string> = new Set<FinalStatus>([
  'completed',
  'busy',
  'no-answer',
  'failed',
  'canceled',
]);

export function newCall(accountSid: string, request: CreateRequest, behavior: NumberBehavior): SimulatedCall {
  const now = new Date();
  return {
    sid: newSid('CA'),
    accountSid,
    request,
    behavior,
    createdAt: now,
    queueMilliseconds: 0,
    moments: [
      {
        at: now,
        status: 'queued',
        startedAt: null,
        answeredAt: null,
        endedAt: null,
        durationSeconds: null,
        answeredBy: null,
        sip: null,
      },
    ],
    notifications: [],
    requests: [],
    eventsFired: 0,
    callbacksSent: 0,
  };
}

/** The current state. */
export function currentOf(call: SimulatedCall): Moment {
  const moment = call.moments.at(-1);
  if (!moment) throw new Error(`Call ${call.sid} has no moments.`);
  return moment;
}

export function isOver(call: SimulatedCall): boolean {
  return finalStatuses.has(currentOf(call).status);
}

/** Adds a state in which these fields have changed. */
export function become(call: SimulatedCall, change: Partial<Moment>): void {
  call.moments.push({ ...currentOf(call), at: new Date(), ...change });
}
