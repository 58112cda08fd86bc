import type { CallState } from '../../workflows/callOutcome.js';
import type { CallAnswer } from '../api/calls/readCall.js';
import { tableOf } from './tableOf.js';

/** One line a call. */
export function callsTable(calls: CallState[]): string {
  if (calls.length === 0) return 'No calls.';
  return tableOf(
    ['CALL', 'STATE', 'OUTCOME', 'REACHABILITY', 'ATTEMPTS', 'DECIDED BY', 'ENDED'],
    calls.map(({ callId, state, attempts, outcome }) => [
      callId,
      state,
      outcome?.outcome ?? '',
      outcome?.reachability ?? '',
      String(attempts.length),
      outcome?.decidedBy ?? '',
      outcome?.endedAt ?? '',
    ]),
  );
}

/** Everything that a person wants to know of one call. */
export function callSheet(call: CallAnswer): string {
  const { outcome } = call;
  const facts: [string, string | null | undefined][] = [
    ['call', call.callId],
    ['state', call.stale ? `${call.state}, as last recorded: the call itself cannot be asked` : call.state],
    ['error', call.error],
    ['waiting for', call.waitingFor],
    ['next attempt', call.nextAttemptAt],
    ['paused', call.paused ? (call.pauseReason ?? 'yes') : null],
    ['to', outcome?.to],
    ['from', outcome?.from],
    ['outcome', outcome?.outcome],
    ['answered by', outcome?.answeredBy],
    ['reachability', outcome?.reachability],
    ['decided by', outcome?.decidedBy],
    [
      'reason',
      outcome?.reason && `${outcome.reason.message} (${outcome.reason.source} ${outcome.reason.code})`,
    ],
    ['duration', outcome?.durationSeconds == null ? null : `${outcome.durationSeconds} s`],
    ['ended', outcome?.endedAt],
  ];
  const sheet = tableOf(
    ['', ''],
    facts.filter((fact): fact is [string, string] => Boolean(fact[1])),
  );
  if (call.attempts.length === 0) return sheet;
  const attempts = call.attempts.map((attempt) => [
    String(attempt.number),
    attempt.callSid ?? '',
    attempt.status ?? '',
    attempt.outcome ?? '',
    attempt.decidedBy ?? '',
    attempt.sipResponseCode === null ? '' : String(attempt.sipResponseCode),
    attempt.errorCode === null ? '' : String(attempt.errorCode),
    attempt.placedAt ?? '',
  ]);
  const head = ['ATTEMPT', 'SID', 'STATUS', 'OUTCOME', 'DECIDED BY', 'SIP', 'ERROR', 'PLACED'];
  return `${sheet}\n\n${tableOf(head, attempts)}`;
}
