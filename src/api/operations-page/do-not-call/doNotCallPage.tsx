import type {
  DoNotCallEntry,
  DoNotCallRemoval,
} from '../../../../activities/store/do-not-call/doNotCallList.js';
import { maskNumber } from '../../../../workflows/rules/phoneNumber.js';
import { rolesFor } from '../../http/route.js';
import { numberIn } from '../calls/findCalls.js';
import { Confirm } from '../parts/actions.js';
import { FilterForm, TextField } from '../parts/fields.js';
import { MaskedNumber } from '../parts/maskedNumber.js';
import { Moment } from '../parts/moment.js';
import { Facts, OlderLink, Table } from '../parts/table.js';
import type { Page } from '../view/page.js';
import { refusedMessage, type View } from '../view/view.js';

const path = '/ui/do-not-call';

/**
 * `GET /ui/do-not-call`: the list, with masked numbers. A number is taken off by whoever can write it: so no whole
 * number is in the page that nobody typed.
 */
export const doNotCallPage: Page = {
  path,
  roles: rolesFor.readingListsAndDialing,
  show: async (view) => {
    const query = new URL(view.target, 'http://localhost').searchParams;
    const cursor = query.get('cursor');
    const [list, removals] = await Promise.all([
      view.api<{ entries: DoNotCallEntry[]; nextCursor: string | null }>(
        'GET',
        `/do-not-call${cursor === null ? '' : `?cursor=${encodeURIComponent(cursor)}`}`,
      ),
      view.api<{ removals: DoNotCallRemoval[] }>('GET', '/do-not-call/removals?limit=10'),
    ]);
    if (!list.ok) return { title: 'Do-not-call list', status: 503, body: <p>{refusedMessage(list).text}</p> };
    const { entries, nextCursor } = list.body;
    const mayChange = view.may(rolesFor.changingListsAndDialing);
    return {
      title: 'Do-not-call list',
      wide: true,
      body: (
        <>
          <FilterForm clear={query.get('q') ? view.at(path) : null}>
            <div class="search">
              <TextField
                name="q"
                type="search"
                label="Is this number on the list?"
                value={query.get('q') ?? ''}
                placeholder="Phone number in any spelling"
              />
            </div>
          </FilterForm>
          {query.get('q') ? <LookUp view={view} text={query.get('q') as string} /> : null}
          {mayChange ? (
            <div class="actions">
              <AddForm view={view} />
            </div>
          ) : null}
          <Table
            id="entries"
            caption="Numbers that must not be called"
            things="number, numbers"
            columns={[
              { head: 'Number' },
              { head: 'Reason', kind: 'wide' },
              { head: 'From' },
              { head: 'Added by' },
              { head: 'Added' },
              { head: 'Expires' },
            ]}
            rows={entries.map((entry) => ({
              // Not the number, which is masked.
              key: `${maskNumber(entry.to)} ${entry.addedAt}`,
              cells: [
                <MaskedNumber number={entry.to} />,
                entry.reason || <span class="quiet">none given</span>,
                entry.source,
                entry.addedBy ?? '–',
                <Moment at={entry.addedAt} zone={view.zone} />,
                entry.expiresAt === null ? (
                  'never'
                ) : (
                  <>
                    <Moment at={entry.expiresAt} zone={view.zone} />
                    {entry.expired ? ' (expired)' : ''}
                  </>
                ),
              ],
            }))}
            empty={
              <p>
                No number is on the list. Add one above, or import a file:{' '}
                <code>npx ringtrue do-not-call import FILE</code>
              </p>
            }
          />
          <OlderLink
            to={nextCursor === null ? null : view.at(`${path}?cursor=${encodeURIComponent(nextCursor)}`)}
            text="Further numbers"
          />
          {removals.ok && removals.body.removals.length > 0 ? (
            <>
              <h2>Taken off lately</h2>
              <Table
                id="removals"
                caption="Numbers that were taken off, newest first"
                things="removal, removals"
                columns={[
                  { head: 'Number' },
                  { head: 'Reason', kind: 'wide' },
                  { head: 'Removed by' },
                  { head: 'Removed' },
                ]}
                rows={removals.body.removals.map((removal) => ({
                  key: removal.removedAt,
                  cells: [
                    <MaskedNumber number={removal.to} />,
                    removal.reason,
                    removal.removedBy ?? '–',
                    <Moment at={removal.removedAt} zone={view.zone} />,
                  ],
                }))}
                empty={null}
              />
            </>
          ) : null}
        </>
      ),
    };
  },
  actions: {
    add: {
      roles: rolesFor.changingListsAndDialing,
      run: async (view) => {
        const { to = '', reason = '' } = view.form;
        const answer = await view.api('POST', '/do-not-call', {
          to: numberIn(to.trim(), view.tools.defaultFrom) ?? to.trim(),
          ...(reason.trim() === '' ? {} : { reason: reason.trim() }),
        });
        return answer.ok
          ? { done: 'The number is on the list. No call to it begins from now on.' }
          : { refused: refusedMessage(answer) };
      },
    },
    remove: {
      roles: rolesFor.changingListsAndDialing,
      confirmed: true,
      run: async (view) => {
        const number = view.form.number ?? '';
        const answer = await view.api('DELETE', `/do-not-call/${encodeURIComponent(number)}`);
        return answer.ok
          ? { done: 'The number is not on the list any more.', to: path }
          : { refused: refusedMessage(answer) };
      },
    },
  },
};

function AddForm({ view }: { view: View }) {
  return (
    <details open={view.form.action === 'add'}>
      <summary class="button">Add a number</summary>
      <form method="post" class="stack primary">
        <TextField name="to" label="Phone number" value={view.form.to} required placeholder="+15005550006" />
        <TextField name="reason" label="Reason, for the record" value={view.form.reason} />
        <button type="submit" name="action" value="add">
          Put on the list
        </button>
      </form>
    </details>
  );
}

/** Whether the number is on the list, and since when. */
async function LookUp({ view, text }: { view: View; text: string }) {
  const number = numberIn(text, view.tools.defaultFrom);
  if (number === null)
    return (
      <p class="message refused" role="alert">
        This is no phone number. Write it with its country code, such as +15005550006.
      </p>
    );
  const found = await view.api<DoNotCallEntry>('GET', `/do-not-call/${encodeURIComponent(number)}`);
  if (!found.ok)
    return (
      <div class="card" role="status">
        <p>
          <strong>{found.status === 404 ? 'Not on the list.' : refusedMessage(found).text}</strong>{' '}
          {found.status === 404 ? <MaskedNumber number={number} /> : null}
        </p>
      </div>
    );
  const entry = found.body;
  return (
    <div class="card" role="status">
      <p>
        <strong>{entry.expired ? 'It was on the list, and the entry has expired.' : 'On the list.'}</strong>
      </p>
      <Facts
        facts={[
          ['Number', <MaskedNumber number={entry.to} />],
          ['Reason', entry.reason || 'none given'],
          ['From', entry.source],
          ['Added by', entry.addedBy],
          ['Added', <Moment at={entry.addedAt} zone={view.zone} />],
          ['Expires', entry.expiresAt === null ? 'never' : <Moment at={entry.expiresAt} zone={view.zone} />],
        ]}
      />
      {view.may(rolesFor.changingListsAndDialing) ? (
        <Confirm
          action="remove"
          text="Take off the list…"
          question="Calls to this number may begin again. Who took it off is recorded."
          yes="Take off the list"
          fields={{ number }}
        />
      ) : null}
    </div>
  );
}
