import type { ChaosResult } from './chaosRun.js';
import { wrongs } from './truth.js';

/** What a run did and found, as text for people. */
export function reportOf({ plan, injected, evidence, violations, calmSeconds }: ChaosResult): string {
  const { placed, twilio, placements, attempts, forged } = evidence;
  const creates = attempts.map(({ document }) => document.evidence.create);
  const unclear = creates.filter((create) => create?.unclear);
  const canceled = placed.filter(({ cancels }) => cancels.length > 0);
  const outcomes = evidence.calls.map((row) => `${row.outcome} by ${row.document?.decidedBy}`);
  const lines = [
    `seed ${plan.seed}: ${placed.length} calls in ${plan.lengthMs / 1000} s, then ${calmSeconds} s until all were over`,
    `accepted   ${placed.filter(({ callIds }) => callIds.length > 0).length}; requests sent again ${sum(placed.map(({ repeats }) => repeats))}, sent twice at once ${placed.filter(({ planned }) => planned.postedTwice).length}`,
    `faults     ${tally(injected.map(({ target, kind }) => `${target} ${kind}`))}`,
    `dialed     ${twilio.length} Twilio calls for ${attempts.length} attempts with ${placements.length} placements (${tally(placements.map(({ result }) => result ?? 'open'))})`,
    `unclear    ${unclear.length} placements: ${tally(unclear.map((create) => `SID from ${create?.sidFrom ?? 'nowhere'}`))}`,
    `absent     ${placements.filter(({ result }) => result === 'absent').length} placements certainly made no call`,
    `ended      ${tally(outcomes)}`,
    `evidence   ${attempts.filter(({ document }) => document.evidence.disagreed).length} attempts with different final statuses from two sources`,
    `cancels    ${canceled.length} (${tally(canceled.flatMap(({ cancels }) => cancels.map(String)))}); retried on request ${sum(placed.map(({ retriesTaken }) => retriesTaken))}`,
    `forged     ${tally(forged.map(({ kind, status }) => `${kind} ${status}`))}`,
    `resets     ${tally(evidence.resets.map(({ of }) => of))}`,
    `found      ${wrongs.map((wrong) => `${wrong} ${violations.filter((one) => one.wrong === wrong).length}`).join(', ')}`,
  ];
  for (const { wrong, callId, what } of violations) {
    const call = placed.find(({ callIds }) => callId !== null && callIds.includes(callId));
    const who = call ? ` (${call.planned.key}, to ${call.request.to}: ${call.planned.what})` : '';
    lines.push(`  ${wrong.toUpperCase()} ${callId ?? ''}${who}: ${what}`);
  }
  return lines.join('\n');
}

function tally(values: string[]): string {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return (
    [...counts]
      .sort(([, a], [, b]) => b - a)
      .map(([value, count]) => `${value} ${count}`)
      .join(', ') || 'none'
  );
}

function sum(numbers: number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}
