import type { Fault } from '../../../../activities/validation/fault.js';
import type { BulkAction, BulkProgress } from '../../../../workflows/bulk/bulkProgress.js';
import { checkBulkRequest } from '../../bulk-operations/bulkSchema.js';
import { type BulkForecast, forecastBulk } from '../../bulk-operations/startBulk.js';
import { rolesFor } from '../../http/route.js';
import { Confirm } from '../parts/actions.js';
import { CallBadge } from '../parts/badge.js';
import { MaskedNumber } from '../parts/maskedNumber.js';
import { Moment } from '../parts/moment.js';
import { Table } from '../parts/table.js';
import type { ActionResult, Page, PageAction, Shown } from '../view/page.js';
import { refusedMessage, type View } from '../view/view.js';
import { BulkBadge, FilterText, operationPath } from './bulkBadge.js';

const path = '/ui/bulk';
/** For more calls than this, their number must be typed. */
const mostWithoutTyping = 20;

const verbs: Record<BulkAction, string> = {
  cancel: 'Cancel',
  retry: 'Dial again now',
  pause: 'Pause',
  resume: 'Resume',
};
const takesReason: readonly BulkAction[] = ['cancel', 'pause'];
const actions = Object.keys(verbs) as BulkAction[];

/** `GET /ui/bulk?FILTER`: what can be done with all calls of a filter; without a filter: what was done so far. */
export const bulkPage: Page = {
  path,
  roles: rolesFor.readingCalls,
  show: async (view) => {
    const filter = filterIn(view);
    if (Object.keys(filter).length === 0) return listPage(view);
    const title = 'All calls of a filter';
    const checked = checkBulkRequest({ action: 'cancel', filter }, { isDryRun: true });
    if ('faults' in checked) return refusedPage(view, title, checked.faults);
    const { request } = checked;
    const forecast = await forecastBulk(view.tools, request);
    const list = view.at(`/ui/calls?${new URLSearchParams(request.filter)}`);
    return {
      title,
      body: (
        <>
          <p>
            Calls with <FilterText filter={request.filter} />. <a href={list}>Show them</a>
          </p>
          <Preview view={view} forecast={forecast} />
          {forecast.count === 0 || !view.may(rolesFor.changingCalls) ? null : <Actions forecast={forecast} />}
        </>
      ),
    };
  },
  actions: Object.fromEntries(actions.map((action) => [action, controlAll(action)])),
};

function refusedPage(view: View, title: string, faults: Fault[]): Shown {
  return {
    title,
    status: 422,
    body: (
      <div class="empty" role="alert">
        <p>The address has a filter that does not exist or has a wrong value:</p>
        <ul>
          {faults.map((fault) => (
            <li>
              <code>{fault.path.replace(/^filter\./, '')}</code> {fault.message}
            </li>
          ))}
        </ul>
        <p>
          <a href={view.at('/ui/calls')}>Show all calls</a>
        </p>
      </div>
    ),
  };
}

/** The filters in the address, as `GET /calls` has them. The search box of the list has a name of its own. */
function filterIn(view: View): Record<string, string> {
  const query = new URL(view.target, 'http://localhost').searchParams;
  const filters = [...query].filter(([name, value]) => value !== '' && name !== 'cursor' && name !== 'limit');
  return Object.fromEntries(filters.map(([name, value]) => [name === 'q' ? 'search' : name, value]));
}

function controlAll(action: BulkAction): PageAction {
  return {
    roles: rolesFor.changingCalls,
    confirmed: true,
    run: async (view): Promise<ActionResult> => {
      const { expected = '', typed, reason = '' } = view.form;
      const count = Number(expected);
      if (count > mostWithoutTyping && typed?.trim() !== expected)
        return {
          refused: {
            kind: 'refused',
            text: `These are ${expected} calls, and another number was typed. Nothing was done. Type ${expected} to confirm.`,
          },
        };
      const started = await view.api<BulkProgress>('POST', '/bulk-operations', {
        action,
        filter: filterIn(view),
        expectedCount: count,
        ...(reason.trim() === '' ? {} : { reason: reason.trim() }),
      });
      if (!started.ok) return { refused: refusedMessage(started) };
      return { done: 'The operation has begun.', to: operationPath(started.body.operationId) };
    },
  };
}

function Preview({ view, forecast }: { view: View; forecast: BulkForecast }) {
  const { count, ringing, over, sample } = forecast;
  if (count === 0)
    return (
      <p class="empty">
        {over === 0
          ? 'No call matches.'
          : `Every call that matches is over (${overText(over)}), so there is nothing to cancel, pause or resume.`}
      </p>
    );
  return (
    <>
      <p>
        <strong>{callsText(count)}</strong> not over yet, {ringing} of them ringing or talking now.
        {over === 0 ? null : ` ${overText(over)} more are over and stay as they are.`}
      </p>
      <Table
        id="sample"
        caption="The newest of these calls"
        things="call, calls"
        columns={[{ head: 'Call', kind: 'wide' }, { head: 'State' }, { head: 'To' }, { head: 'Started' }]}
        rows={sample.map(({ callId, state, to, startedAt }) => ({
          key: callId,
          cells: [
            <a href={view.at(`/ui/calls/${encodeURIComponent(callId)}`)} class="sid cut" title={callId}>
              {callId}
            </a>,
            <CallBadge call={{ state, outcome: null, paused: false }} />,
            <MaskedNumber number={to} />,
            <Moment at={startedAt} zone={view.zone} />,
          ],
        }))}
        empty={null}
      />
    </>
  );
}

function Actions({ forecast: { count, ringing } }: { forecast: BulkForecast }) {
  return (
    <div class="actions">
      {actions.map((action) => (
        <Confirm
          action={action}
          text={`${verbs[action]} all…`}
          question={`${verbs[action]}: ${callsText(count)}, ${ringing} of them ringing or talking. Calls that are requested later stay as they are.`}
          yes={`${verbs[action]} ${callsText(count)}`}
          fields={{ expected: String(count) }}
        >
          {takesReason.includes(action) ? (
            <Field id={`reason-${action}`} name="reason" label="Reason, for each call" />
          ) : null}
          {count > mostWithoutTyping ? (
            <Field id={`typed-${action}`} name="typed" label={`Type ${count} to confirm`} required />
          ) : null}
        </Confirm>
      ))}
    </div>
  );
}

/** Four forms of the page have a field of this name, so each has an id of its own. */
function Field({
  id,
  name,
  label,
  required,
}: {
  id: string;
  name: string;
  label: string;
  required?: boolean;
}) {
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <input id={id} name={name} autocomplete="off" required={required === true} />
    </div>
  );
}

async function listPage(view: View) {
  const { operations } = await view.tools.store.listBulkOperations({ limit: 50 });
  return {
    title: 'Bulk operations',
    wide: true,
    body: (
      <Table
        id="operations"
        caption="Bulk operations, newest first"
        things="operation, operations"
        columns={[
          { head: 'Operation' },
          { head: 'State' },
          { head: 'Calls with', kind: 'wide' },
          { head: 'Done', kind: 'number' },
          { head: 'Refused', kind: 'number' },
          { head: 'Failed', kind: 'number' },
          { head: 'By' },
          { head: 'Requested' },
        ]}
        rows={operations.map((operation) => ({
          key: operation.operationId,
          cells: [
            <a href={view.at(operationPath(operation.operationId))}>{operation.action}</a>,
            <BulkBadge state={operation.state} />,
            <FilterText filter={operation.filter} />,
            operation.counts.done,
            operation.counts.refused,
            operation.counts.failed,
            operation.requestedBy ?? '–',
            <Moment at={operation.createdAt} zone={view.zone} />,
          ],
        }))}
        empty={
          <p>
            Nothing was done with many calls at once yet. <a href={view.at('/ui/calls')}>Filter the calls</a>,
            and follow “Control all of these”.
          </p>
        }
      />
    ),
  };
}

function callsText(count: number): string {
  return count === 1 ? '1 call' : `${count} calls`;
}

function overText(over: number): string {
  return over >= 10_000 ? '10,000 or more' : String(over);
}
