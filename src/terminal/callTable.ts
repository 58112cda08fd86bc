import Table from 'cli-table3';
import type { CallState } from '../../workflows/callOutcome.js';
import type { CallAnswer } from '../api/calls/callAnswer.js';

/** A table for people; without borders, so that it can be cut and grepped. */
export function tableOf(head: string[], rows: string[][]): string {
  const table = new Table({
    head,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 2 },
    chars: Object.fromEntries(
      ['top', 'bottom', 'left', 'right', 'mid', 'left-mid', 'mid-mid', 'right-mid', 'middle']
        .concat(['top-mid', 'top-left', 'top-right', 'bottom-mid', 'bottom-left', 'bottom-right'])
        .map((part) => [part, '']),
    ),
  });
  // One line a row, whatever a name or a reason holds.
  table.push(...rows.map((row) => row.map((cell) => cell.replaceAll(/\p{Cc}+/gu, ' '))));
  return table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .filter((line) => line !== '')
    .join('\n');
}

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
