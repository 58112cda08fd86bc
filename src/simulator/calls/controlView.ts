import { currentOf, type SimulatedCall } from './simulatedCall.js';

/** A call as it really is, whatever reads and callbacks say. */
export interface ControlView {
  sid: string;
  accountSid: string;
  to: string;
  from: string;
  /** Null: none was asked for. */
  statusCallback: string | null;
  /** The row of the table of numbers that decides what it does. */
  pattern: string;
  status: string;
  sipResponseCode: number | null;
  answeredBy: string | null;
  durationSeconds: number | null;
  createdAt: Date;
  startedAt: Date | null;
  answeredAt: Date | null;
  endedAt: Date | null;
  eventsFired: number;
  callbacksSent: number;
  notifications: { code: number; text: string }[];
}

/** A call as a test sees it. */
export function controlView(call: SimulatedCall): ControlView {
  const { status, startedAt, answeredAt, endedAt, durationSeconds, answeredBy, sip } = currentOf(call);
  return {
    sid: call.sid,
    accountSid: call.accountSid,
    to: call.request.to,
    from: call.request.from,
    statusCallback: call.request.statusCallback?.url ?? null,
    pattern: call.behavior.pattern,
    status,
    sipResponseCode: sip,
    answeredBy,
    durationSeconds,
    createdAt: call.createdAt,
    startedAt,
    answeredAt,
    endedAt,
    eventsFired: call.eventsFired,
    callbacksSent: call.callbacksSent,
    notifications: call.notifications.map(({ code, text }) => ({ code, text })),
  };
}
