import type { ChaosResult } from './chaosRun.js';
import { wrongs } from './truth.js';

/** What a run did and found, for a person. */
export function reportOf({ plan, struck, evidence, violations, calmSeconds }: ChaosResult): string {
  const { placed, twilio, dials, attempts, forged } = evidence;
  const creates = attempts.map(({ document }) => document.evidence.create);
  const unclear = creates.filter((create) => create?.unclear);
  const asked = placed.filter(({ cancels }) => cancels.length > 0);
  const outcomes = evidence.calls.map((row) => `${row.outcome} by ${row.document?.decidedBy}`);
  const lines = [
    `seed ${plan.seed}: ${placed.length} calls in ${plan.lengthMs / 1000} s, then ${calmSeconds} s until all were over`,
    `accepted   ${placed.filter(({ callIds }) => callIds.length > 0).length}; requests sent again ${sum(placed.map(({ repeats }) => repeats))}, sent twice at once ${placed.filter(({ planned }) => planned.postedTwice).length}`,
    `blows      ${counted(struck.map(({ target, kind }) => `${target} ${kind}`))}`,
    `dialled    ${twilio.length} Twilio calls for ${attempts.length} attempts; ${dials.length} creates (${counted(dials.map(({ result }) => result ?? 'open'))})`,
    `unclear    ${unclear.length} creates: ${counted(unclear.map((create) => `known by ${create?.sidFrom ?? 'nothing'}`))}`,
    `never sent ${dials.filter(({ result }) => result === 'absent').length} that surely made no call were dialled again`,
    `ended      ${counted(outcomes)}`,
    `evidence   ${attempts.filter(({ document }) => document.evidence.disagreed).length} attempts of which two sources said different ends`,
    `cancels    ${asked.length} (${counted(asked.flatMap(({ cancels }) => cancels.map(String)))}); dialled again now ${sum(placed.map(({ retriesTaken }) => retriesTaken))}`,
    `forged     ${counted(forged.map(({ kind, status }) => `${kind} ${status}`))}`,
    `resets     ${counted(evidence.resets.map(({ of }) => of))}`,
    `found      ${wrongs.map((wrong) => `${wrong} ${violations.filter((one) => one.wrong === wrong).length}`).join(', ')}`,
  ];
  for (const { wrong, callId, what } of violations) {
    const call = placed.find(({ callIds }) => callId !== null && callIds.includes(callId));
    const who = call ? ` (${call.planned.key}, to ${call.request.to}: ${call.planned.what})` : '';
    lines.push(`  ${wrong.toUpperCase()} ${callId ?? ''}${who}: ${what}`);
  }
  return lines.join('\n');
}

function counted(words: string[]): string {
  const counts = new Map<string, number>();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  return (
    [...counts]
      .sort(([, a], [, b]) => b - a)
      .map(([word, count]) => `${word} ${count}`)
      .join(', ') || 'none'
  );
}

function sum(numbers: number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}
