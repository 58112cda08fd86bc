import type { BatchResult } from '../../../../activities/store/batches/batchStore.js';
import { type BatchProgress, isOver } from '../../../../workflows/batch/batchProgress.js';
import { pathSegment } from '../../http/requestTarget.js';
import { rolesFor } from '../../http/route.js';
import { ActionButton, Confirm } from '../parts/actions.js';
import { Badge, OutcomeBadge } from '../parts/badge.js';
import { TextField } from '../parts/fields.js';
import { IdLink } from '../parts/idLink.js';
import { MaskedNumber, withMaskedNumbers } from '../parts/maskedNumber.js';
import { Moment } from '../parts/moment.js';
import { Facts, OlderLink, Table } from '../parts/table.js';
import type { Page, PageAction } from '../view/page.js';
import { refusedMessage, type View } from '../view/view.js';
import { BatchBadge, BatchBar, progressText } from './batchBar.js';

const rowsPerPage = 50;

/** `GET /ui/batches/{batchId}`: a batch, its counts and its rows. */
export const batchPage: Page = {
  path: '/ui/batches/:batchId',
  roles: rolesFor.readingCalls,
  show: async (view) => {
    const batchId = pathSegment(view.c, 3) ?? '';
    const resource = `/batches/${encodeURIComponent(batchId)}`;
    const cursor = new URL(view.target, 'http://localhost').searchParams.get('cursor') ?? '0';
    const [found, rows] = await Promise.all([
      view.api<BatchProgress>('GET', resource),
      view.api<{ results: BatchResult[]; nextCursor: string | null }>(
        'GET',
        `${resource}/results?limit=${rowsPerPage}&cursor=${encodeURIComponent(cursor)}`,
      ),
    ]);
    if (!found.ok || !rows.ok) {
      const refusal = found.ok ? rows : found;
      const isMissing = refusal.status === 404;
      return {
        title: isMissing ? 'There is no such batch' : batchId,
        status: isMissing ? 404 : 503,
        body: (
          <>
            <p>{refusal.ok ? '' : refusedMessage(refusal).text}</p>
            <p>
              <a href={view.at('/ui/batches')}>All batches</a>
            </p>
          </>
        ),
      };
    }
    const batch = found.body;
    const { nextCursor, results } = rows.body;
    const here = view.target.split('?', 1)[0];
    return {
      title: batch.name ?? batchId,
      wide: true,
      body: (
        <>
          <div id="batch" data-live class="card">
            <p>
              <BatchBadge state={batch.state} /> {progressText(batch.counts)}
            </p>
            <BatchBar counts={batch.counts} />
            <BatchFacts view={view} batch={batch} />
          </div>
          <div id="controls" data-live class="actions">
            <BatchControls view={view} batch={batch} />
          </div>
          <h2>Rows</h2>
          <Table
            id="rows"
            caption="Rows of the batch"
            things="row, rows"
            columns={[
              { head: 'Row', kind: 'number' },
              { head: 'Call' },
              { head: 'To' },
              { head: 'State' },
              { head: 'Why', kind: 'wide' },
              { head: 'Attempts', kind: 'number' },
            ]}
            rows={results.map((row) => ({
              key: String(row.row),
              cells: [
                row.row,
                row.startedAt === null ? (
                  <span class="quiet">not started</span>
                ) : (
                  <IdLink to={view.at(`/ui/calls/${encodeURIComponent(row.callId)}`)} id={row.callId} />
                ),
                <MaskedNumber number={row.to} />,
                row.outcome === null ? (
                  <Badge
                    kind={row.state === 'refused' ? 'bad' : row.startedAt === null ? 'waiting' : 'active'}
                    text={row.callState ?? row.state}
                  />
                ) : (
                  <OutcomeBadge outcome={row.outcome} />
                ),
                withMaskedNumbers(row.reason ?? row.endedBecause?.message ?? ''),
                row.attempts,
              ],
            }))}
            empty={<p>The batch has no further rows.</p>}
          />
          <OlderLink
            to={nextCursor === null ? null : view.at(`${here}?cursor=${nextCursor}`)}
            text="Further rows"
          />
        </>
      ),
    };
  },
  actions: {
    pause: control('pause', 'The batch starts no further call.', false),
    resume: control('resume', 'The batch goes on.', true),
    cancel: control('cancel', 'The batch is being canceled.', true),
  },
};

function control(name: 'pause' | 'resume' | 'cancel', done: string, isConfirmed: boolean): PageAction {
  return {
    roles: rolesFor.changingCalls,
    ...(isConfirmed ? { confirmed: true } : {}),
    run: async (view) => {
      const batchId = pathSegment(view.c, 3) ?? '';
      const reason = view.form.reason?.trim();
      const body = name === 'cancel' && reason ? { reason } : {};
      const answer = await view.api('POST', `/batches/${encodeURIComponent(batchId)}/${name}`, body);
      return answer.ok ? { done } : { refused: refusedMessage(answer) };
    },
  };
}

function BatchFacts({ view, batch }: { view: View; batch: BatchProgress }) {
  const { counts } = batch;
  const list = (query: string) => view.at(`/ui/calls?batch=${encodeURIComponent(batch.batchId)}${query}`);
  const some = (count: number, text: string) => (count === 0 ? null : text);
  return (
    <Facts
      facts={[
        ['Waiting', some(counts.waiting, String(counts.waiting))],
        ['Running', counts.running === 0 ? null : <a href={list('')}>{counts.running}</a>],
        ...Object.entries(counts.outcomes).map(([outcome, count]): [string, unknown] => [
          outcome,
          <a href={list(`&outcome=${outcome}`)}>{count}</a>,
        ]),
        ['Refused', some(counts.refused, `${counts.refused}: see the rows`)],
        ['Withdrawn', some(counts.withdrawn, `${counts.withdrawn}: never started`)],
        ['At once', `at most ${batch.window} calls`],
        ['Batch id', <span class="sid">{batch.batchId}</span>],
        ['Requested by', batch.requestedBy],
        ['Redial', batch.redialOf === null ? null : 'of calls that were recorded before'],
        ['Cancel reason', batch.cancelReason],
        ['Created', <Moment at={batch.createdAt} zone={view.zone} />],
        ['Ended', batch.endedAt && <Moment at={batch.endedAt} zone={view.zone} />],
        ...batch.controls.map(({ at, control, by }): [string, unknown] => [
          control,
          <>
            <Moment at={at} zone={view.zone} />
            {by === null ? '' : `, by ${by}`}
          </>,
        ]),
      ].map(([name, value]) => [name as string, value as string])}
    />
  );
}

function BatchControls({ view, batch }: { view: View; batch: BatchProgress }) {
  if (!view.may(rolesFor.changingCalls) || isOver(batch) || batch.state === 'canceling') return null;
  const { waiting, running } = batch.counts;
  return (
    <>
      {batch.state === 'paused' ? (
        <Confirm
          action="resume"
          text="Resume…"
          question={`The batch starts its further calls: ${waiting} wait.`}
          yes="Resume this batch"
        />
      ) : (
        <ActionButton action="pause" text="Pause" />
      )}
      <Confirm
        action="cancel"
        text="Cancel…"
        question={`${waiting} calls are never started, and ${running} calls that run are canceled. Phones that ring stop, and conversations are cut off.`}
        yes={`Cancel ${waiting + running} calls`}
      >
        <TextField name="reason" label="Reason (optional)" value={view.form.reason} />
      </Confirm>
    </>
  );
}
