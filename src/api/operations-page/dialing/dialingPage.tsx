import type { DialingAnswer } from '../../dialing/dialingSchema.js';
import { rolesFor } from '../../http/route.js';
import { Confirm } from '../parts/actions.js';
import { Badge } from '../parts/badge.js';
import { TextField } from '../parts/fields.js';
import { durationText, Moment } from '../parts/moment.js';
import { Facts, Table } from '../parts/table.js';
import type { Page } from '../view/page.js';
import { refusedMessage, type View } from '../view/view.js';

/** `GET /ui/dialing`: limits, pause and circuit breaker, and who changed them. */
export const dialingPage: Page = {
  path: '/ui/dialing',
  roles: rolesFor.readingListsAndDialing,
  show: async (view) => {
    const found = await view.api<DialingAnswer>('GET', '/dialing');
    if (!found.ok) return { title: 'Dialing', status: 503, body: <p>{refusedMessage(found).text}</p> };
    const dialing = found.body;
    const mayChange = view.may(rolesFor.changingListsAndDialing);
    return {
      title: 'Dialing',
      body: (
        <>
          <div id="dialing" data-live class="card">
            <DialingFacts view={view} dialing={dialing} />
          </div>
          {mayChange ? (
            <div id="controls" data-live class="actions">
              <DialingControls view={view} dialing={dialing} />
            </div>
          ) : null}
          <h2>Limits</h2>
          <div class="card">
            <p class="quiet">
              A limit that is set here holds for every worker from its next placement on. An empty field means
              the limit of the configuration, and 0 no limit.
            </p>
            {mayChange ? <LimitsForm view={view} dialing={dialing} /> : <LimitsFacts dialing={dialing} />}
          </div>
          <h2>Who changed what</h2>
          <Table
            id="changes"
            caption="Changes of limits and pause, newest first"
            things="change, changes"
            columns={[{ head: 'At' }, { head: 'By' }, { head: 'What', kind: 'wide' }]}
            rows={dialing.changes.map(({ at, change, by, limits }) => ({
              key: at,
              cells: [
                <Moment at={at} zone={view.zone} />,
                by ?? '–',
                limits === null
                  ? change
                  : `limits: ${Object.entries(limits)
                      .map(([name, value]) => `${name} ${value ?? 'as configured'}`)
                      .join(', ')}`,
              ],
            }))}
            empty={<p>Nobody has changed a limit or paused dialing.</p>}
          />
        </>
      ),
    };
  },
  actions: {
    pause: {
      roles: rolesFor.changingListsAndDialing,
      confirmed: true,
      run: async (view) => {
        const reason = view.form.reason?.trim();
        const answer = await view.api('POST', '/dialing/pause', reason ? { reason } : {});
        return answer.ok
          ? { done: 'Dialing is paused. Calls that are under way go on.' }
          : { refused: refusedMessage(answer) };
      },
    },
    resume: {
      roles: rolesFor.changingListsAndDialing,
      confirmed: true,
      run: async (view) => {
        const answer = await view.api('POST', '/dialing/resume', {});
        return answer.ok ? { done: 'Dialing goes on.' } : { refused: refusedMessage(answer) };
      },
    },
    limits: {
      roles: rolesFor.changingListsAndDialing,
      run: async (view) => {
        const limits = Object.fromEntries(
          limitFields.map(({ name }) => {
            const text = view.form[name]?.trim() ?? '';
            // The API names text that is no number, as it came.
            return [name, text === '' ? null : Number.isNaN(Number(text)) ? text : Number(text)];
          }),
        );
        const answer = await view.api('PATCH', '/dialing/limits', limits);
        return answer.ok
          ? { done: 'The limits hold from the next placement on.' }
          : { refused: refusedMessage(answer) };
      },
    },
  },
};

const limitFields = [
  { name: 'callsPerSecond', label: 'Calls per second, over all workers' },
  { name: 'callsInFlight', label: 'Calls in flight at once' },
  { name: 'contactsPerNumber', label: 'Calls to one number within the period' },
  { name: 'contactsPeriodSeconds', label: 'The period, in seconds' },
  { name: 'callsPerNumber', label: 'Calls to one number in flight at once' },
] as const;

const breakerTexts = {
  closed: 'closed: Twilio works',
  open: 'open: no call is placed',
  trying: 'trying: single calls test whether Twilio works again',
} as const;

function DialingFacts({ view, dialing }: { view: View; dialing: DialingAnswer }) {
  const { paused, breaker } = dialing;
  const isOpen = paused === null && breaker.state === 'closed';
  return (
    <>
      <p>
        <Badge
          kind={isOpen ? 'good' : paused ? 'waiting' : 'bad'}
          text={isOpen ? 'dialing' : paused ? 'paused' : 'stopped by the circuit breaker'}
        />
      </p>
      <Facts
        facts={[
          ['Paused since', paused && <Moment at={paused.since} zone={view.zone} />],
          ['Paused by', paused?.by],
          ['Reason', paused?.reason],
          ['Circuit breaker', breakerTexts[breaker.state]],
          ['Why', breaker.reason],
          ['Open until', breaker.openUntil && <Moment at={breaker.openUntil} zone={view.zone} />],
          ['In flight', dialing.inFlight],
          ['Account', <span class="sid">{dialing.accountSid}</span>],
        ]}
      />
    </>
  );
}

function DialingControls({ view, dialing }: { view: View; dialing: DialingAnswer }) {
  const isStopped = dialing.paused !== null || dialing.breaker.state !== 'closed';
  return (
    <>
      {isStopped ? (
        <Confirm
          action="resume"
          text="Resume dialing…"
          question="Phones ring again: waiting calls are placed as fast as the limits allow. This also closes the circuit breaker."
          yes="Resume dialing"
        />
      ) : null}
      {dialing.paused === null ? (
        <Confirm
          action="pause"
          text="Pause dialing…"
          question="No call is placed until somebody resumes dialing. Calls that are under way go on."
          yes="Pause all dialing"
        >
          <TextField name="reason" label="Reason, for the others" value={view.form.reason} />
        </Confirm>
      ) : null}
    </>
  );
}

function LimitsForm({ view, dialing }: { view: View; dialing: DialingAnswer }) {
  return (
    <form method="post" class="stack primary">
      {limitFields.map(({ name, label }) => {
        const configured = dialing.configured?.[name];
        return (
          <TextField
            name={name}
            label={label}
            value={view.form[name] ?? String(dialing.limits[name] ?? '')}
            {...(configured == null ? {} : { placeholder: `as configured: ${configured || 'no limit'}` })}
          />
        );
      })}
      <button type="submit" name="action" value="limits">
        Set these limits
      </button>
    </form>
  );
}

function LimitsFacts({ dialing }: { dialing: DialingAnswer }) {
  return (
    <Facts
      facts={limitFields.map(({ name, label }) => {
        const value = dialing.limits[name] ?? dialing.configured?.[name];
        const text = value == null ? 'not known here' : value === 0 ? 'no limit' : String(value);
        return [label, name === 'contactsPeriodSeconds' && value ? durationText(value) : text];
      })}
    />
  );
}
