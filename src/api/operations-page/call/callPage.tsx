import { timeZonesOf } from '../../../../activities/calling-window/timeZonesOf.js';
import { maskNumber } from '../../../../workflows/rules/phoneNumber.js';
import type { CallAnswer } from '../../calls/callAnswer.js';
import { pathSegment } from '../../http/requestTarget.js';
import { rolesFor } from '../../http/route.js';
import { callSentence } from '../calls/callSentence.js';
import { ActionButton } from '../parts/actions.js';
import { CallBadge } from '../parts/badge.js';
import { Definition } from '../parts/definition.js';
import { MaskedNumber, withMaskedNumbers } from '../parts/maskedNumber.js';
import { Moment, textOfMoment } from '../parts/moment.js';
import { Facts } from '../parts/table.js';
import type { Page } from '../view/page.js';
import { refusedMessage, type View } from '../view/view.js';
import { AttemptPicture } from './attemptPicture.js';
import { CallControls, callActions } from './callActions.js';
import { Evidence } from './evidence.js';

/** More zones say nothing about the time at the phone. */
const mostZones = 3;

/** `GET /ui/calls/{callId}`: everything about one call. */
export const callPage: Page = {
  path: '/ui/calls/:callId',
  roles: rolesFor.readingCalls,
  show: async (view) => {
    const callId = pathSegment(view.c, 3) ?? '';
    const found = await view.api<CallAnswer>('GET', `/calls/${encodeURIComponent(callId)}`);
    if (!found.ok) return withoutCall(view, callId, found.status, refusedMessage(found).text);
    const call = found.body;
    const zones = call.to === null ? [] : timeZonesOf(call.to);
    const reveals = await view.tools.store.listReveals(call.callId).catch(() => []);
    const isRevealed = view.form.action === 'reveal' && view.message?.kind === 'done';
    const now = new Date().toISOString();
    return {
      title: `Call to ${call.to === null ? 'a number not known yet' : maskNumber(call.to)}`,
      body: (
        <>
          <div id="call" data-live class="card">
            <p>
              <CallBadge call={call} /> {callSentence(call, view.zone)}.
            </p>
            {call.stale ? (
              <p class="hint">
                No worker answers: this is the last recorded state, and the call may be further by now.
              </p>
            ) : null}
            {call.error === undefined ? null : <p>{withMaskedNumbers(call.error)}</p>}
            <CallFacts view={view} call={call} zones={zones} isRevealed={isRevealed} now={now} />
          </div>
          <div id="controls" data-live class="actions">
            <CallControls view={view} call={call} />
            {call.to === null || isRevealed ? null : (
              <ActionButton action="reveal" text="Show the whole number" />
            )}
          </div>
          <section aria-labelledby="attempts-title">
            <h2 id="attempts-title">Attempts</h2>
            <div id="attempts" data-live>
              <div class="card">
                <AttemptPicture call={call} zone={view.zone} now={now} />
              </div>
              {call.attempts.map((attempt) => (
                <Evidence attempt={attempt} zone={view.zone} />
              ))}
            </div>
          </section>
          <div id="history" data-live>
            <Timeline call={call} view={view} />
            <Controls call={call} view={view} reveals={reveals} />
          </div>
          <section aria-labelledby="json-title">
            <h2 id="json-title">As JSON</h2>
            <details>
              <summary>Everything that the API says about this call, with masked numbers</summary>
              <p>
                <button type="button" data-copy="json">
                  Copy
                </button>
              </p>
              <section class="scroll" tabindex={0} aria-label="JSON">
                <pre id="json">{withMaskedNumbers(JSON.stringify(call, null, 2))}</pre>
              </section>
            </details>
          </section>
        </>
      ),
    };
  },
  actions: {
    ...callActions,
    reveal: {
      roles: rolesFor.readingCalls,
      run: async (view) => {
        const callId = pathSegment(view.c, 3) ?? '';
        const by = view.client?.name ?? null;
        const recorded = await view.tools.store.recordReveal({ callId, by });
        return recorded
          ? { here: 'The whole number is shown. Who looked at it, and when, is recorded below.' }
          : {
              refused: {
                kind: 'refused',
                text: 'The call is not in the outcome store yet, so nobody could see later who looked. Try again in a moment.',
              },
            };
      },
    },
  },
};

function withoutCall(view: View, callId: string, status: number, text: string) {
  const isMissing = status === 404;
  return {
    title: isMissing ? 'There is no such call' : callId,
    status: isMissing ? (404 as const) : (503 as const),
    body: (
      <>
        <p>{text}</p>
        {isMissing ? (
          <p>
            Neither Temporal nor the outcome store has ever had a call with the id <code>{callId}</code>, or
            its record was deleted.
          </p>
        ) : null}
        <p>
          <a href={view.at('/ui/calls')}>All calls</a>
        </p>
      </>
    ),
  };
}

interface CallFactsParts {
  view: View;
  call: CallAnswer;
  zones: string[];
  isRevealed: boolean;
  now: string;
}

function CallFacts({ view, call, zones, isRevealed, now }: CallFactsParts) {
  const { outcome } = call;
  const { zone } = view;
  const atPhone = zones.length <= mostZones ? zones : [];
  return (
    <Facts
      facts={[
        ['Call id', <span class="sid">{call.callId}</span>],
        ['To', isRevealed ? <span class="phone">{call.to}</span> : <MaskedNumber number={call.to} />],
        ['From', <MaskedNumber number={call.from} />],
        [
          'Time at the phone',
          atPhone.map((name) => `${textOfMoment(now, name).slice(0, 16)} (${name})`).join(', or '),
        ],
        ['Outcome', outcome?.outcome],
        [
          <Definition id="reachability" term="Reachability">
            What the evidence says of the number, whatever became of the call.
          </Definition>,
          outcome?.reachability,
        ],
        ['Answered by', outcome?.answeredBy],
        [
          <Definition id="decided-by" term="Decided by">
            Where the final status came from: webhook is a callback of Twilio, poll a question to Twilio.
          </Definition>,
          outcome?.decidedBy,
        ],
        [
          'Reason',
          outcome?.reason &&
            `${withMaskedNumbers(outcome.reason.message)} (${outcome.reason.source} ${outcome.reason.code})`,
        ],
        [
          'No further attempt',
          outcome && `${withMaskedNumbers(outcome.endedBecause.message)} (${outcome.endedBecause.code})`,
        ],
        ['Next attempt', call.nextAttemptAt && <Moment at={call.nextAttemptAt} zone={zone} />],
        ['Lookup', outcome?.lookup && lookupText(outcome.lookup)],
        ['Requested by', call.requestedBy],
        ['Started', <Moment at={call.startedAt} zone={zone} />],
        ['Ended', outcome && <Moment at={outcome.endedAt} zone={zone} />],
        ...Object.entries(call.metadata).map(([name, value]): [string, string] => [name, value]),
        ['Workflow', <TemporalLink view={view} callId={call.callId} />],
      ]}
    />
  );
}

function lookupText(lookup: NonNullable<NonNullable<CallAnswer['outcome']>['lookup']>): string {
  if (!lookup.answered) return 'gave no answer';
  const valid = lookup.valid === null ? 'does not know' : lookup.valid ? 'valid' : 'not valid';
  return [valid, lookup.lineType, lookup.lineStatus].filter(Boolean).join(', ');
}

function TemporalLink({ view, callId }: { view: View; callId: string }) {
  const { temporalUiUrl, temporal } = view.tools;
  if (temporalUiUrl === undefined) return <span class="sid">{callId}</span>;
  const url = `${temporalUiUrl.replace(/\/$/, '')}/namespaces/${temporal.options.namespace}/workflows/${encodeURIComponent(callId)}`;
  return (
    <a href={url} rel="noreferrer">
      Its run in Temporal
    </a>
  );
}

function Timeline({ call, view }: { call: CallAnswer; view: View }) {
  const timeline = call.outcome?.timeline ?? [];
  if (timeline.length === 0) return null;
  return (
    <>
      <h2>Timeline</h2>
      <section class="scroll" tabindex={0} aria-label="Timeline">
        <table>
          <caption>What happened, in order</caption>
          <thead>
            <tr>
              <th scope="col">At</th>
              <th scope="col">What</th>
            </tr>
          </thead>
          <tbody>
            {timeline.map(({ at, text }) => (
              <tr>
                <td data-head="At">
                  <Moment at={at} zone={view.zone} />
                </td>
                <td data-head="What" class="wide">
                  {withMaskedNumbers(text)}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </>
  );
}

interface ControlsParts {
  call: CallAnswer;
  view: View;
  reveals: { at: string; by: string | null }[];
}

function Controls({ call, view, reveals }: ControlsParts) {
  const uses = [
    ...call.controls.map(({ at, control, by }) => ({ at, what: control as string, by })),
    ...reveals.map(({ at, by }) => ({ at, what: 'looked at the whole number', by })),
  ].sort((a, b) => (a.at < b.at ? -1 : 1));
  if (uses.length === 0) return null;
  return (
    <section aria-labelledby="controls-title">
      <h2 id="controls-title">Who did what</h2>
      <Facts
        facts={uses.map(({ at, what, by }) => [
          <Moment at={at} zone={view.zone} />,
          `${what}${by === null ? '' : `, by ${by}`}`,
        ])}
      />
    </section>
  );
}
