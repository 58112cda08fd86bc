import type { CallState } from '../../../../workflows/callOutcome.js';

/** What a badge says by its color and its sign. The text beside it says it in words. */
export type BadgeKind = 'good' | 'active' | 'waiting' | 'bad' | 'plain';

const signs: Record<BadgeKind, string> = { good: '●', active: '◐', waiting: '◌', bad: '▲', plain: '■' };

/** A state: a sign, a color and a word, so that color is not needed to read it. */
export function Badge({ kind, text }: { kind: BadgeKind; text: string }) {
  return (
    <span class={`badge ${kind}`}>
      <span aria-hidden="true">{signs[kind]}</span> {text}
    </span>
  );
}

const kindOfOutcome: Record<string, BadgeKind> = {
  answered: 'good',
  busy: 'waiting',
  'no-answer': 'waiting',
  failed: 'bad',
  rejected: 'bad',
  'invalid-number': 'bad',
  unknown: 'bad',
};

export function OutcomeBadge({ outcome }: { outcome: string }) {
  return <Badge kind={kindOfOutcome[outcome] ?? 'plain'} text={outcome} />;
}

const active: readonly string[] = ['placing', 'queued', 'ringing', 'in-progress', 'recording'];

/** The outcome of a call, or its state while it has none. */
export function CallBadge({
  call,
}: {
  call: Pick<CallState, 'state' | 'outcome' | 'paused'> & { workflowEnd?: { status: string } };
}) {
  if (call.outcome !== null) return <OutcomeBadge outcome={call.outcome.outcome} />;
  if (call.workflowEnd) return <Badge kind="bad" text={`no outcome: ${call.workflowEnd.status}`} />;
  if (call.paused) return <Badge kind="waiting" text="paused" />;
  return <Badge kind={active.includes(call.state) ? 'active' : 'waiting'} text={call.state} />;
}
