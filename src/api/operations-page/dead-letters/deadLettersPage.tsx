import type { DeadLetter } from '../../../../activities/store/deadLetters.js';
import { rolesFor } from '../../http/route.js';
import { ActionButton } from '../parts/actions.js';
import { Badge } from '../parts/badge.js';
import { FilterForm, SelectField } from '../parts/fields.js';
import { IdLink } from '../parts/idLink.js';
import { withMaskedNumbers } from '../parts/maskedNumber.js';
import { Moment } from '../parts/moment.js';
import { OlderLink, Table } from '../parts/table.js';
import type { Page } from '../view/page.js';
import { refusedMessage } from '../view/view.js';

const path = '/ui/dead-letters';

/** `GET /ui/dead-letters`: notifications that no receiver accepted. */
export const deadLettersPage: Page = {
  path,
  roles: rolesFor.readingCalls,
  show: async (view) => {
    const { searchParams } = new URL(view.target, 'http://localhost');
    const query = new URLSearchParams([...searchParams].filter(([, value]) => value !== ''));
    const found = await view.api<{ deadLetters: DeadLetter[]; nextCursor: string | null }>(
      'GET',
      `/dead-letters?${query}`,
    );
    const title = 'Dead letters';
    if (!found.ok) {
      const { text, faults = [] } = refusedMessage(found);
      return {
        title,
        status: found.status === 422 ? 422 : 503,
        body: (
          <p role="alert">
            {faults.length > 0 ? faults.map((fault) => `${fault.path} ${fault.message}`).join('; ') : text}.{' '}
            <a href={view.at(path)}>All dead letters</a>
          </p>
        ),
      };
    }
    const { deadLetters, nextCursor } = found.body;
    const maySend = view.may(rolesFor.changingCalls);
    if (nextCursor !== null) query.set('cursor', nextCursor);
    return {
      title,
      wide: true,
      body: (
        <>
          <p class="quiet">
            Notifications that the receiver refused for good, or did not accept within a day. The outcome of
            each call is recorded in any case.
          </p>
          <FilterForm clear={searchParams.get('state') ? view.at(path) : null}>
            <SelectField
              name="state"
              label="State"
              value={searchParams.get('state') ?? ''}
              options={['dead', 'delivered']}
              any="any"
            />
          </FilterForm>
          <Table
            id="dead-letters"
            caption="Dead letters, newest first"
            things="dead letter, dead letters"
            columns={[
              { head: 'Call' },
              { head: 'State' },
              { head: 'Event' },
              { head: 'Receiver' },
              { head: 'Error', kind: 'wide' },
              { head: 'Given up' },
              { head: 'Sent again', kind: 'number' },
              ...(maySend ? [{ head: 'Action' }] : []),
            ]}
            rows={deadLetters.map((letter) => ({
              key: letter.id,
              cells: [
                <IdLink to={view.at(`/ui/calls/${encodeURIComponent(letter.callId)}`)} id={letter.callId} />,
                letter.state === 'dead' ? (
                  <Badge kind="bad" text="dead" />
                ) : (
                  <Badge kind="good" text="delivered" />
                ),
                letter.type,
                receiverOf(letter.url),
                withMaskedNumbers(letter.error),
                <Moment at={letter.failedAt} zone={view.zone} />,
                letter.resends,
                ...(maySend
                  ? [
                      letter.state === 'dead' ? (
                        <ActionButton action="resend" text="Send again" fields={{ id: letter.id }} />
                      ) : (
                        ''
                      ),
                    ]
                  : []),
              ],
            }))}
            empty={<p>Every notification was delivered, or is still being tried.</p>}
          />
          <OlderLink to={nextCursor === null ? null : view.at(`${path}?${query}`)} />
        </>
      ),
    };
  },
  actions: {
    resend: {
      roles: rolesFor.changingCalls,
      run: async (view) => {
        const answer = await view.api(
          'POST',
          `/dead-letters/${encodeURIComponent(view.form.id ?? '')}/resend`,
        );
        return answer.ok
          ? { done: 'It is being sent again, for up to a day.' }
          : { refused: refusedMessage(answer) };
      },
    },
  },
};

/** Without the query, which may have a secret. */
function receiverOf(url: string): string {
  if (!URL.canParse(url)) return 'unknown';
  const { host, pathname } = new URL(url);
  return `${host}${pathname}`;
}
