import type { Child } from 'hono/jsx';
import { rolesFor } from '../../http/route.js';
import type { Counted, DurationReport, StatisticsReport } from '../../statistics/statisticsReport.js';
import { OutcomeBadge } from '../parts/badge.js';
import { Definition } from '../parts/definition.js';
import { FilterForm, TextField } from '../parts/fields.js';
import { MaskedNumber } from '../parts/maskedNumber.js';
import { durationText, Moment } from '../parts/moment.js';
import { Facts, Table } from '../parts/table.js';
import type { Page, Shown } from '../view/page.js';
import { type Refusal, refusedMessage, type View } from '../view/view.js';
import { CallsChart } from './callsChart.js';

const path = '/ui/statistics';

/** `GET /ui/statistics`: what became of the calls of a period. Every number leads to its list. */
export const overTimePage: Page = {
  path,
  roles: rolesFor.readingCalls,
  show: async (view) => {
    const query = new URL(view.target, 'http://localhost').searchParams;
    const given = new URLSearchParams([...query].filter(([, value]) => value !== ''));
    const found = await view.api<StatisticsReport>('GET', `/statistics?${given}`);
    if (!found.ok) return refusedPage(view, query, found);
    return {
      title: 'Over time',
      wide: true,
      body: (
        <>
          <PeriodForm view={view} query={query} />
          <Report view={view} report={found.body} />
        </>
      ),
    };
  },
};

function refusedPage(view: View, query: URLSearchParams, found: Refusal): Shown {
  const { faults } = refusedMessage(found);
  return {
    title: 'Over time',
    wide: true,
    status: found.status === 422 ? 422 : 503,
    body: (
      <>
        <PeriodForm view={view} query={query} />
        <div class="empty" role="alert">
          <p>{faults ? 'The address has a parameter that is wrong:' : found.problem.detail}</p>
          <ul>
            {(faults ?? []).map((fault) => (
              <li>
                <code>{fault.path}</code> {fault.message}
              </li>
            ))}
          </ul>
          <p>
            <a href={view.at(path)}>Show the last 24 hours</a>
          </p>
        </div>
      </>
    ),
  };
}

function PeriodForm({ view, query }: { view: View; query: URLSearchParams }) {
  const value = (name: string) => query.get(name) ?? '';
  const isFiltered = [...query].some(([, text]) => text !== '');
  return (
    <FilterForm clear={isFiltered ? view.at(path) : null}>
      <TextField name="since" label="Since" value={value('since')} placeholder="24h, 7d, or 2026-01-31" />
      <TextField name="until" label="Until" value={value('until')} placeholder="now" />
      <TextField name="batch" label="Batch" value={value('batch')} placeholder="any" />
      <TextField name="from" label="Caller id" value={value('from')} placeholder="any" />
    </FilterForm>
  );
}

function Report({ view, report }: { view: View; report: StatisticsReport }) {
  const requested = report.funnel[0]?.calls ?? 0;
  return (
    <>
      <p>
        Calls that were requested from <Moment at={report.since} zone={view.zone} /> until{' '}
        <Moment at={report.until} zone={view.zone} />, in whole hours.
      </p>
      <div id="over-time" data-live>
        <Section id="funnel" title="How far they got">
          <Table
            id="funnel-table"
            caption="Calls by step; each step includes the ones below it"
            things="step, steps"
            columns={[{ head: 'Step' }, { head: 'Calls', kind: 'number' }, { head: 'Share', kind: 'wide' }]}
            rows={report.funnel.map(({ step, meaning, ...counted }) => ({
              key: step,
              cells: [
                <Definition id={`step-${step}`} term={step}>
                  {meaning}
                </Definition>,
                <Linked view={view} counted={counted} />,
                <Share calls={counted.calls} of={requested} />,
              ],
            }))}
            empty={null}
          />
        </Section>
        {report.points.values.length === 0 ? null : <CallsChart points={report.points} zone={view.zone} />}
        <Section id="outcomes" title="Outcomes">
          <Table
            id="outcomes-table"
            caption="Calls by outcome, and calls that have none"
            things="outcome, outcomes"
            columns={[
              { head: 'Outcome' },
              { head: 'Calls', kind: 'number' },
              { head: 'Share', kind: 'wide' },
            ]}
            rows={[
              ...report.outcomes
                .filter(({ calls }) => calls > 0)
                .map((one) => ({
                  key: one.outcome,
                  head: <OutcomeBadge outcome={one.outcome} />,
                  counted: one,
                })),
              ...report.unfinished.map((one) => ({
                key: one.state,
                head: `under way: ${one.state}`,
                counted: one,
              })),
              ...(report.withoutOutcome.calls === 0
                ? []
                : [{ key: 'none', head: 'over without an outcome', counted: report.withoutOutcome }]),
            ].map(({ key, head, counted }) => ({
              key,
              cells: [
                head,
                <Linked view={view} counted={counted} />,
                <Share calls={counted.calls} of={requested} />,
              ],
            }))}
            empty={<p>No call was requested in this period.</p>}
          />
        </Section>
        <Section id="failures" title="Why not">
          <Table
            id="failures-table"
            caption="Calls that were not answered, by the deciding code"
            things="code, codes"
            columns={[
              { head: 'Code' },
              { head: 'Calls', kind: 'number' },
              { head: 'Meaning', kind: 'wide' },
              { head: 'What to do', kind: 'wide' },
            ]}
            rows={report.failures.map(({ source, code, meaning, remedy, url, ...counted }) => ({
              key: `${source}:${code}`,
              cells: [
                <Code source={source} code={code} url={url} />,
                <Linked view={view} counted={counted} />,
                meaning ?? 'This code is not known to ringtrue.',
                remedy ?? '–',
              ],
            }))}
            empty={<p>Every call with an outcome was answered.</p>}
          />
        </Section>
        <Section id="attempts" title="What each attempt added">
          <Table
            id="attempts-table"
            caption="Calls by how many attempts they made"
            things="number of attempts, numbers of attempts"
            columns={[
              { head: 'Attempts' },
              { head: 'Calls', kind: 'number' },
              { head: 'Answered at the last one', kind: 'number' },
            ]}
            rows={report.attempts
              .filter(({ calls }) => calls > 0)
              .map(({ attempts, answered, answeredQuery, ...counted }, nth) => ({
                key: String(attempts),
                cells: [
                  attempts === report.attempts.length - 1 ? `${attempts} or more` : attempts,
                  <Linked view={view} counted={counted} />,
                  <Linked view={view} counted={{ calls: answered, query: answeredQuery }} key={nth} />,
                ],
              }))}
            empty={<p>No call has an outcome.</p>}
          />
        </Section>
        <Section id="speed" title="Speed and sources">
          <Facts
            facts={[
              ['To the first ring', <Times report={report.secondsToRing} />],
              ['To the outcome', <Times report={report.secondsToOutcome} />],
              ['Delay of callbacks', <Times report={report.callbackDelaySeconds} />],
              ...report.decidedBy
                .filter(({ calls }) => calls > 0)
                .map(({ decidedBy, share, ...counted }): [Child, Child] => [
                  `Decided by ${decidedBy}`,
                  <>
                    <Linked view={view} counted={counted} />, {Math.round(share * 100)} %
                  </>,
                ]),
            ]}
          />
        </Section>
        <Section id="callers" title="Caller ids">
          <Table
            id="callers-table"
            caption="Calls with an outcome by caller id"
            things="caller id, caller ids"
            columns={[
              { head: 'Caller id' },
              { head: 'Calls', kind: 'number' },
              { head: 'Answered', kind: 'number' },
              { head: 'By a person', kind: 'number' },
              { head: 'By a machine', kind: 'number' },
              { head: 'Short', kind: 'number' },
            ]}
            rows={report.callers.map(({ from, answered, human, machine, short, shortQuery, ...counted }) => ({
              key: from,
              cells: [
                <MaskedNumber number={from === '' ? null : from} />,
                <Linked view={view} counted={counted} />,
                `${answered} (${percent(answered, counted.calls)})`,
                human,
                `${machine} (${percent(machine, answered)})`,
                <Linked view={view} counted={{ calls: short, query: shortQuery }} />,
              ],
            }))}
            empty={<p>No call has an outcome.</p>}
          />
        </Section>
      </div>
    </>
  );
}

function Section({ id, title, children }: { id: string; title: string; children?: Child }) {
  return (
    <section aria-labelledby={`${id}-title`}>
      <h2 id={`${id}-title`}>{title}</h2>
      {children}
    </section>
  );
}

/** A number that leads to the list of its calls. */
function Linked({ view, counted: { calls, query } }: { view: View; counted: Counted }) {
  if (calls === 0) return <>0</>;
  return <a href={view.at(`/ui/calls?${query}`)}>{calls}</a>;
}

function Share({ calls, of }: { calls: number; of: number }) {
  return (
    <>
      <meter min={0} max={Math.max(1, of)} value={calls} aria-label={`${calls} of ${of}`} />{' '}
      {percent(calls, of)}
    </>
  );
}

function percent(calls: number, of: number): string {
  return of === 0 ? '–' : `${((calls / of) * 100).toFixed(1)} %`;
}

function Code({ source, code, url }: { source: string | null; code: string | null; url: string | null }) {
  if (source === null || code === null) return <>no code</>;
  const text = `${source} ${code}`;
  return url === null ? <>{text}</> : <a href={url}>{text}</a>;
}

function Times({ report: { count, p50, p95 } }: { report: DurationReport }) {
  if (p50 === null || p95 === null) return <>not known</>;
  return (
    <>
      half within {secondsText(p50)}, 95 of 100 within {secondsText(p95)} ({count})
    </>
  );
}

function secondsText(seconds: number): string {
  return seconds < 10 ? `${seconds.toFixed(1)} s` : durationText(seconds);
}
