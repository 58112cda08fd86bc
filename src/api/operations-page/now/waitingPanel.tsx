import type { WaitingEntry, WaitingReport } from '../../statistics/waitingReport.js';
import { Badge } from '../parts/badge.js';
import { Moment } from '../parts/moment.js';
import { Table } from '../parts/table.js';
import type { View } from '../view/view.js';

/** "Why isn't it ringing?": every waiting call in the reason for which it waits. */
export function WaitingPanel({ view, report }: { view: View; report: WaitingReport }) {
  return (
    <section id="waiting-panel" data-live aria-labelledby="why-waiting">
      <h2 id="why-waiting">Why is it not ringing?</h2>
      <Table
        id="waiting"
        caption="Waiting calls by reason, most calls first"
        things="reason, reasons"
        columns={[
          { head: 'Calls', kind: 'number' },
          { head: 'Wait for', kind: 'wide' },
          { head: 'Is it wrong?' },
          { head: 'Goes on' },
          { head: 'What to do', kind: 'wide' },
        ]}
        rows={report.entries.map((entry) => ({
          key: entry.by,
          cells: [
            <Count view={view} entry={entry} />,
            entry.message,
            entry.isWrong ? <Badge kind="bad" text="act" /> : <Badge kind="waiting" text="as it should" />,
            <GoesOn view={view} entry={entry} />,
            entry.whatToDo,
          ],
        }))}
        empty={<p>No call waits.</p>}
      />
    </section>
  );
}

function Count({ view, entry }: { view: View; entry: WaitingEntry }) {
  if (entry.query === null) return <>{entry.count}</>;
  return <a href={view.at(`/ui/calls?${entry.query}`)}>{entry.count}</a>;
}

function GoesOn({ view, entry }: { view: View; entry: WaitingEntry }) {
  if (entry.clearsAt !== null) {
    if (Date.parse(entry.clearsAt) <= Date.now()) return <>now</>;
    return (
      <>
        from <Moment at={entry.clearsAt} zone={view.zone} />
      </>
    );
  }
  return <>{entry.clearsByItself ? 'by itself' : 'when somebody acts'}</>;
}
