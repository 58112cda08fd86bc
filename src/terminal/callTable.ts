import { maskNumber } from '../../workflows/rules/phoneNumber.js';
import type { Attempt, CallOutcome, CallState, Reason } from '../client/ringtrue.js';
import { byWhomAt } from './byWhomAt.js';
import { count } from './count.js';
import { tableOf } from './tableOf.js';

/** A list of calls, one line for each. */
export function callsTable(calls: CallState[]): string {
  if (calls.length === 0) return 'No calls.';
  return tableOf(
    ['CALL', 'TO', 'STATE', 'OUTCOME', 'REACHABILITY', 'ATTEMPTS', 'DECIDED BY', 'NEXT OR END', 'WHY'],
    calls.map((call) => [
      call.callId,
      call.to ?? '',
      call.state,
      call.outcome?.outcome ?? '',
      call.outcome?.reachability ?? '',
      String(call.attempts.length),
      call.outcome?.decidedBy ?? '',
      call.outcome?.endedAt ?? call.workflowEnd?.at ?? call.nextAttemptAt ?? '',
      whyOf(call) ?? '',
    ]),
  );
}

/** How many calls there are, and how they turned out: `12 calls: 5 answered, 4 busy, 3 under way`. */
export function callCounts(calls: CallState[]): string {
  const counts = new Map<string, number>();
  for (const { outcome, state } of calls) {
    const what = outcome?.outcome ?? (state === 'done' ? 'without an outcome' : 'under way');
    counts.set(what, (counts.get(what) ?? 0) + 1);
  }
  const parts = [...counts].sort(([, a], [, b]) => b - a).map(([what, number]) => `${number} ${what}`);
  return `${count(calls.length, 'call')}${parts.length === 0 ? '' : `: ${parts.join(', ')}`}`;
}

/** Where a call stands, in one line. */
export function progressLine(call: CallState): string {
  const attempt = call.attempts.length > 0 ? `attempt ${call.attempts.length}, ` : '';
  const waiting = call.waitingFor === null ? '' : `, waiting for ${call.waitingFor}`;
  return `${attempt}${call.state}${waiting}`;
}

/** What the call waits for, or why it turned out as it did. */
function whyOf({ outcome, waitingFor, workflowEnd }: CallState): string | null {
  if (workflowEnd) return `its workflow: ${workflowEnd.status}`;
  if (outcome === null) return waitingFor && `waiting for ${waitingFor}`;
  return outcome.reason?.message ?? outcome.endedBecause?.message ?? null;
}

/** Everything about one call. */
export function callSheet(call: CallState): string {
  const { outcome } = call;
  const facts: [string, string | null | undefined][] = [
    ['call', call.callId],
    ['to', call.to],
    ['from', call.from],
    ...Object.entries(call.metadata).map(([name, value]): [string, string] => [`metadata ${name}`, value]),
    ['requested by', call.requestedBy],
    ['started', call.startedAt],
    ['state', call.stale ? `${call.state}, as last recorded: the call itself cannot be asked` : call.state],
    ['error', call.error],
    ['waiting for', call.waitingFor],
    ['next attempt', call.nextAttemptAt],
    ['paused', call.paused ? (call.pauseReason ?? 'yes') : null],
    ...call.controls.map(({ at, control, by }): [string, string] => [control, byWhomAt(at, by)]),
    ['outcome', outcome?.outcome],
    ['answered by', outcome?.answeredBy],
    ['reachability', outcome?.reachability],
    ['decided by', outcome?.decidedBy],
    ['reason', outcome?.reason && reasonText(outcome.reason)],
    [
      'no more attempts',
      outcome?.endedBecause && `${outcome.endedBecause.message} (${outcome.endedBecause.code})`,
    ],
    ['duration', secondsText(outcome?.durationSeconds)],
    ['ended', outcome?.endedAt],
  ];
  const sheet = tableOf(
    ['', ''],
    facts.filter((fact): fact is [string, string] => Boolean(fact[1])),
  );
  const parts = [sheet, attemptsTable(call.attempts), timelineOf(outcome?.timeline ?? [])];
  return parts.filter((part) => part !== '').join('\n\n');
}

/** What happened, in order. The numbers are masked: people copy these lines into tickets. */
function timelineOf(timeline: CallOutcome['timeline']): string {
  if (timeline.length === 0) return '';
  const masked = (text: string) => text.replace(/\+[1-9]\d{6,14}(?!\d)/g, maskNumber);
  return tableOf(
    ['TIMELINE', ''],
    timeline.map(({ at, text }) => [at, masked(text)]),
  );
}

function attemptsTable(all: Attempt[]): string {
  if (all.length === 0) return '';
  const attempts = all.map((attempt) => [
    String(attempt.number),
    attempt.callSid ?? '',
    attempt.status ?? '',
    attempt.outcome ?? '',
    attempt.answeredBy ?? '',
    attempt.decidedBy ?? '',
    attempt.sipResponseCode === null ? '' : String(attempt.sipResponseCode),
    attempt.errorCode === null ? '' : String(attempt.errorCode),
    attempt.placedAt ?? '',
    secondsText(attempt.durationSeconds) ?? '',
    attempt.reason ? reasonText(attempt.reason) : '',
  ]);
  const head = [
    'ATTEMPT',
    'SID',
    'STATUS',
    'OUTCOME',
    'ANSWERED BY',
    'DECIDED BY',
    'SIP',
    'ERROR',
    'PLACED',
    'DURATION',
    'REASON',
  ];
  return tableOf(head, attempts);
}

function reasonText({ message, source, code }: Reason): string {
  return `${message} (${source} ${code})`;
}

function secondsText(seconds: number | null | undefined): string | null {
  return seconds == null ? null : `${seconds} s`;
}
