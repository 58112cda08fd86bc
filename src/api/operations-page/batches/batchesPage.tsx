import type { BatchProgress } from '../../../../workflows/batch/batchProgress.js';
import { resourceUrl } from '../../http/requestTarget.js';
import { rolesFor } from '../../http/route.js';
import { Moment } from '../parts/moment.js';
import { OlderLink, Table } from '../parts/table.js';
import type { Page } from '../view/page.js';
import { refusedMessage, type View } from '../view/view.js';
import { BatchBadge, BatchBar, progressText } from './batchBar.js';

const path = '/ui/batches';

/** `GET /ui/batches`: all batches. */
export const batchesPage: Page = {
  path,
  roles: rolesFor.readingCalls,
  show: async (view) => {
    const { search } = new URL(view.target, 'http://localhost');
    const found = await view.api<{ batches: BatchProgress[]; nextCursor: string | null }>(
      'GET',
      `/batches${search}`,
    );
    if (!found.ok) return { title: 'Batches', status: 503, body: <p>{refusedMessage(found).text}</p> };
    const { batches, nextCursor } = found.body;
    return {
      title: 'Batches',
      wide: true,
      body: (
        <>
          <Table
            id="batches"
            caption="Batches, newest first"
            things="batch, batches"
            columns={[
              { head: 'Batch' },
              { head: 'State' },
              { head: 'Progress', kind: 'wide' },
              { head: 'Requested by' },
              { head: 'Created' },
            ]}
            rows={batches.map((batch) => ({
              key: batch.batchId,
              cells: [
                <a
                  href={view.at(`${path}/${encodeURIComponent(batch.batchId)}`)}
                  class="cut"
                  title={batch.batchId}
                >
                  {batch.name ?? batch.batchId}
                </a>,
                <BatchBadge state={batch.state} />,
                <>
                  <BatchBar counts={batch.counts} />
                  {progressText(batch.counts)}
                </>,
                batch.requestedBy ?? '–',
                <Moment at={batch.createdAt} zone={view.zone} />,
              ],
            }))}
            empty={<NoBatches view={view} />}
          />
          <OlderLink
            to={nextCursor === null ? null : view.at(`${path}?cursor=${encodeURIComponent(nextCursor)}`)}
          />
        </>
      ),
    };
  },
};

function NoBatches({ view }: { view: View }) {
  const token = view.client === null ? '' : ` \\\n  -H 'Authorization: Bearer TOKEN'`;
  return (
    <>
      <p>There is no batch yet. This command starts one of two calls:</p>
      <pre>
        <code>{`curl ${resourceUrl(view.c, '/batches')}${token} \\
  -H 'Content-Type: application/json' \\
  -d '{"name": "My first batch",
       "defaults": {"twiml": "<Response><Say>Hello</Say></Response>"},
       "calls": [{"to": "+15005551200"}, {"to": "+15005552486"}]}'`}</code>
      </pre>
    </>
  );
}
