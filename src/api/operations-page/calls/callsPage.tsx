import { answererClasses } from '../../../../activities/store/statistics/callFacts.js';
import { callStates, reachabilities } from '../../../../workflows/callOutcome.js';
import { outcomes } from '../../../../workflows/callRequest.js';
import type { CallAnswer } from '../../calls/callAnswer.js';
import { resourceUrl } from '../../http/requestTarget.js';
import { rolesFor } from '../../http/route.js';
import { CallBadge } from '../parts/badge.js';
import { FilterForm, SelectField, TextField } from '../parts/fields.js';
import { IdLink } from '../parts/idLink.js';
import { MaskedNumber } from '../parts/maskedNumber.js';
import { Moment } from '../parts/moment.js';
import { OlderLink, type Row, Table } from '../parts/table.js';
import type { Page } from '../view/page.js';
import { refusedMessage, type View } from '../view/view.js';
import { callSentence } from './callSentence.js';
import { findCalls } from './findCalls.js';

const path = '/ui/calls';

/** `GET /ui/calls`: all calls, by filters that are in the address. */
export const callsPage: Page = {
  path,
  roles: rolesFor.readingCalls,
  show: async (view) => {
    const query = new URL(view.target, 'http://localhost').searchParams;
    const found = await findCalls(view, query);
    const form = <CallFilters view={view} query={query} />;
    if (!found.ok) {
      const { faults } = refusedMessage(found);
      return {
        title: 'Calls',
        wide: true,
        status: found.status === 422 ? 422 : 503,
        body: (
          <>
            {form}
            <div class="empty" role="alert">
              <p>
                {faults
                  ? 'The address has a filter that does not exist or has a wrong value:'
                  : found.problem.detail}
              </p>
              {faults ? (
                <ul>
                  {faults.map((fault) => (
                    <li>
                      <code>{fault.path}</code> {fault.message}
                    </li>
                  ))}
                </ul>
              ) : null}
              <p>
                <a href={view.at(path)}>Show all calls</a>
              </p>
            </div>
          </>
        ),
      };
    }
    const { calls, nextCursor } = found.body;
    return {
      title: 'Calls',
      wide: true,
      body: (
        <>
          {form}
          <ControlAll view={view} query={query} />
          <Table
            id="calls"
            caption="Calls, newest first"
            things="call, calls"
            columns={[
              { head: 'Call' },
              { head: 'State' },
              { head: 'To' },
              { head: 'Why', kind: 'wide' },
              { head: 'Attempts', kind: 'number' },
              { head: 'Started' },
            ]}
            rows={calls.map((call) => rowOf(view, call))}
            empty={<NoCalls view={view} filtered={[...query].some(([, value]) => value !== '')} />}
          />
          <OlderLink to={nextCursor === null ? null : view.at(`${path}?${withCursor(query, nextCursor)}`)} />
        </>
      ),
    };
  },
};

function rowOf(view: View, call: CallAnswer): Row {
  return {
    key: call.callId,
    cells: [
      <IdLink to={view.at(`/ui/calls/${encodeURIComponent(call.callId)}`)} id={call.callId} />,
      <CallBadge call={call} />,
      <MaskedNumber number={call.to} />,
      callSentence(call, view.zone),
      call.attempts.length,
      <Moment at={call.startedAt} zone={view.zone} />,
    ],
  };
}

function CallFilters({ view, query }: { view: View; query: URLSearchParams }) {
  const value = (name: string) => query.get(name) ?? '';
  const isFiltered = [...query].some(([, text]) => text !== '');
  // Links from numbers have filters for which the form has no field of its own.
  const others = [...new Set(query.keys())].filter(
    (name) => !shownFilters.includes(name) && value(name) !== '',
  );
  return (
    <FilterForm clear={isFiltered ? view.at(path) : null}>
      <div class="search">
        <TextField
          name="q"
          label="Search"
          type="search"
          value={value('q')}
          placeholder="Call id, SID, phone number in any spelling, its last digits, batch, or metadata"
        />
      </div>
      <SelectField name="state" label="State" value={value('state')} options={callStates} any="any" />
      <SelectField name="outcome" label="Outcome" value={value('outcome')} options={outcomes} any="any" />
      <details open={[...moreFilters, ...others].some((name) => value(name) !== '')}>
        <summary>More filters</summary>
        <div>
          <SelectField
            name="reachability"
            label="Reachability"
            value={value('reachability')}
            options={reachabilities}
            any="any"
          />
          <SelectField
            name="answeredBy"
            label="Answered by"
            value={value('answeredBy')}
            options={answererClasses}
            any="any"
          />
          <TextField name="since" label="Since" value={value('since')} placeholder="24h, 2026-01-31" />
          <TextField name="until" label="Until" value={value('until')} placeholder="1h, 2026-01-31" />
          <TextField name="batch" label="Batch" value={value('batch')} placeholder="Batch id" />
          {others.map((name) => (
            <TextField name={name} label={name} value={value(name)} />
          ))}
        </div>
      </details>
    </FilterForm>
  );
}

/** A link to what can be done with all calls of the filter. There is none for a list without a filter. */
function ControlAll({ view, query }: { view: View; query: URLSearchParams }) {
  const filters = new URLSearchParams([...query].filter(([name, text]) => text !== '' && name !== 'cursor'));
  if (filters.size === 0 || !view.may(rolesFor.changingCalls)) return null;
  return (
    <p>
      <a href={view.at(`/ui/bulk?${filters}`)}>Control all of these…</a>
    </p>
  );
}

const moreFilters = ['reachability', 'answeredBy', 'since', 'until', 'batch'];

const shownFilters = ['q', 'cursor', 'limit', 'state', 'outcome', ...moreFilters];

function withCursor(query: URLSearchParams, cursor: string): string {
  const next = new URLSearchParams([...query].filter(([, value]) => value !== ''));
  next.set('cursor', cursor);
  return next.toString();
}

function NoCalls({ view, filtered }: { view: View; filtered: boolean }) {
  if (filtered)
    return (
      <p>
        No call matches. <a href={view.at(path)}>Show all calls</a>
      </p>
    );
  const token = view.client === null ? '' : ` \\\n  -H 'Authorization: Bearer TOKEN'`;
  return (
    <>
      <p>There is no call yet. This command places one:</p>
      <pre>
        <code>{`curl ${resourceUrl(view.c, '/calls')}${token} \\
  -H 'Content-Type: application/json' \\
  -d '{"to": "+15005551200", "twiml": "<Response><Say>Hello</Say></Response>"}'`}</code>
      </pre>
    </>
  );
}
