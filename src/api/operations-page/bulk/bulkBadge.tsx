import type { BulkState } from '../../../../workflows/bulk/bulkProgress.js';
import { maskNumber } from '../../../../workflows/rules/phoneNumber.js';
import { Badge, type BadgeKind } from '../parts/badge.js';

const kinds: Record<BulkState, BadgeKind> = {
  running: 'active',
  stopping: 'waiting',
  stopped: 'plain',
  done: 'good',
};

export function BulkBadge({ state }: { state: BulkState }) {
  return <Badge kind={kinds[state]} text={state} />;
}

/** A filter as people read it: `state waiting, batch batch-7`. Numbers are masked. */
export function FilterText({ filter }: { filter: Record<string, string> }) {
  return (
    <>
      {Object.entries(filter).map(([name, value], nth) => (
        <>
          {nth === 0 ? '' : ', '}
          {name} <code>{/^\+\d+$/.test(value) ? maskNumber(value) : value}</code>
        </>
      ))}
    </>
  );
}

/** The page of an operation. */
export function operationPath(operationId: string): string {
  return `/ui/bulk/${encodeURIComponent(operationId)}`;
}
