import type { BatchProgress } from '../../../../workflows/batch/batchProgress.js';
import { Badge, type BadgeKind } from '../parts/badge.js';

const kinds: Record<BatchProgress['state'], BadgeKind> = {
  ready: 'waiting',
  running: 'active',
  paused: 'waiting',
  canceling: 'waiting',
  canceled: 'plain',
  done: 'good',
};

export function BatchBadge({ state }: { state: BatchProgress['state'] }) {
  return <Badge kind={kinds[state]} text={state} />;
}

const width = 1000;

/** How far the batch is: done, running and waiting, side by side. */
export function BatchBar({ counts }: { counts: BatchProgress['counts'] }) {
  const { total, done, refused, running, withdrawn } = counts;
  const parts = [
    { kind: 'talked', size: done },
    { kind: 'refused', size: refused + withdrawn },
    { kind: 'rang', size: running },
  ];
  let x = 0;
  return (
    <svg
      class="progress"
      viewBox={`0 0 ${width} 10`}
      preserveAspectRatio="none"
      role="img"
      aria-label={progressText(counts)}
    >
      <rect class="phase-waited" x={0} y={0} width={width} height={10} />
      {parts.map(({ kind, size }) => {
        const at = x;
        const part = total === 0 ? 0 : (size / total) * width;
        x += part;
        return <rect class={`phase-${kind}`} x={at.toFixed(1)} y={0} width={part.toFixed(1)} height={10} />;
      })}
    </svg>
  );
}

/** `120 of 1000 over, 20 running` */
export function progressText({ total, done, refused, withdrawn, running }: BatchProgress['counts']): string {
  const over = `${done + refused + withdrawn} of ${total} over`;
  return running === 0 ? over : `${over}, ${running} running`;
}
