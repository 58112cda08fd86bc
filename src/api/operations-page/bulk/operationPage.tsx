import { type BulkProgress, isBulkOver } from '../../../../workflows/bulk/bulkProgress.js';
import { rolesFor } from '../../http/route.js';
import { Confirm } from '../parts/actions.js';
import { withMaskedNumbers } from '../parts/maskedNumber.js';
import { Moment } from '../parts/moment.js';
import { Facts, Table } from '../parts/table.js';
import type { Page } from '../view/page.js';
import { refusedMessage, type View } from '../view/view.js';
import { BulkBadge, FilterText } from './bulkBadge.js';

/** `GET /ui/bulk/OPERATION`: how far a bulk operation is, and what the calls answered. */
export const operationPage: Page = {
  path: '/ui/bulk/:operationId',
  roles: rolesFor.readingCalls,
  show: async (view) => {
    const operationId = operationIdIn(view);
    const found = await view.tools.store.findBulkOperation(operationId);
    if (found === null)
      return {
        title: 'No such operation',
        status: 404,
        body: (
          <div class="empty">
            <p>
              There is no bulk operation with the id <code>{operationId}</code>. Check the id.
            </p>
            <p>
              <a href={view.at('/ui/bulk')}>All bulk operations</a>
            </p>
          </div>
        ),
      };
    return {
      title: `${found.progress.action}: all calls of a filter`,
      body: <Operation view={view} progress={found.progress} />,
    };
  },
  actions: {
    stop: {
      roles: rolesFor.changingCalls,
      confirmed: true,
      run: async (view) => {
        const stopped = await view.api(
          'POST',
          `/bulk-operations/${encodeURIComponent(operationIdIn(view))}/stop`,
        );
        return stopped.ok
          ? { done: 'The operation stops. What was done stays.' }
          : { refused: refusedMessage(stopped) };
      },
    },
  },
};

function operationIdIn(view: View): string {
  return view.c.req.param('operationId') ?? '';
}

function Operation({ view, progress }: { view: View; progress: BulkProgress }) {
  const { counts, expected, filter, reason, reasons, state } = progress;
  const controlled = counts.done + counts.refused + counts.failed;
  return (
    <div id="operation" data-live>
      <p>
        <BulkBadge state={state} />{' '}
        <meter
          min={0}
          max={Math.max(expected, controlled)}
          value={controlled}
          aria-label={`${controlled} of ${expected}`}
        />{' '}
        {controlled} of {expected} calls
      </p>
      <Facts
        facts={[
          ['Done', String(counts.done)],
          ['Refused', String(counts.refused)],
          ['Failed', String(counts.failed)],
          ['Calls with', <FilterText filter={filter} />],
          [
            'Calls',
            <a href={view.at(`/ui/calls?${new URLSearchParams(filter)}`)}>Show what the filter shows now</a>,
          ],
          ['Reason', reason],
          ['Requested by', progress.requestedBy],
          ['Requested', <Moment at={progress.createdAt} zone={view.zone} />],
          ['Over', progress.endedAt && <Moment at={progress.endedAt} zone={view.zone} />],
          ['Stopped by', progress.stoppedBy],
        ]}
      />
      {reasons.length === 0 ? null : (
        <Table
          id="reasons"
          caption="Calls that refused, and calls that failed"
          things="reason, reasons"
          columns={[
            { head: 'Calls', kind: 'number' },
            { head: 'What' },
            { head: 'In their words', kind: 'wide' },
            { head: 'The first' },
          ]}
          rows={reasons.map(({ kind, message, calls, callId }) => ({
            key: `${kind} ${message}`,
            cells: [
              calls,
              kind,
              withMaskedNumbers(message),
              <a href={view.at(`/ui/calls/${encodeURIComponent(callId)}`)} class="sid cut" title={callId}>
                {callId}
              </a>,
            ],
          }))}
          empty={null}
        />
      )}
      {isBulkOver(progress) ? null : (
        <Confirm
          action="stop"
          text="Stop…"
          question="No further call is controlled. What was done stays."
          yes="Stop this operation"
        />
      )}
    </div>
  );
}
