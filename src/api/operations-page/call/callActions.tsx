import type { CallAnswer } from '../../calls/callAnswer.js';
import type { ControlName } from '../../calls/callControls.js';
import { rolesFor } from '../../http/route.js';
import { ActionButton, Confirm } from '../parts/actions.js';
import { TextField } from '../parts/fields.js';
import type { PageAction } from '../view/page.js';
import { refusedMessage, type View } from '../view/view.js';

const done: Record<ControlName, string> = {
  cancel: 'The call is being canceled.',
  retry: 'The call dials now.',
  pause: 'The call is paused.',
  resume: 'The call goes on.',
  reschedule: 'The next attempt has another time.',
};

/** Fields of the form that go into the request, if they are not empty. */
const fields: Partial<Record<ControlName, string>> = { cancel: 'reason', pause: 'reason', reschedule: 'at' };

/** What stops a call or rings a phone wants a confirmation. */
export const callActions: Record<ControlName, PageAction> = {
  cancel: control('cancel', true),
  retry: control('retry', true),
  pause: control('pause', false),
  resume: control('resume', true),
  reschedule: control('reschedule', true),
};

function control(name: ControlName, isConfirmed: boolean): PageAction {
  return {
    roles: rolesFor.changingCalls,
    ...(isConfirmed ? { confirmed: true } : {}),
    run: async (view) => {
      const field = fields[name];
      const value = field === undefined ? '' : (view.form[field]?.trim() ?? '');
      const body = field === undefined || value === '' ? {} : { [field]: value };
      const path = view.target.split('?', 1)[0]?.replace(/^\/ui/, '').replace(/\/$/, '');
      const answer = await view.api('POST', `${path}/${name}`, body);
      return answer.ok ? { done: done[name] } : { refused: refusedMessage(answer) };
    },
  };
}

/** The controls that the state of the call allows. */
export function controlsFor({ state, paused, nextAttemptAt }: CallAnswer): ControlName[] {
  if (state === 'done' || state === 'recording') return [];
  return [
    ...(state === 'waiting-to-retry' && !paused ? (['retry'] as const) : []),
    ...(paused ? (['resume'] as const) : (['pause'] as const)),
    ...(nextAttemptAt !== null && !paused ? (['reschedule'] as const) : []),
    'cancel',
  ];
}

export function CallControls({ view, call }: { view: View; call: CallAnswer }) {
  if (!view.may(rolesFor.changingCalls)) return null;
  const allowed = controlsFor(call);
  if (allowed.length === 0) return null;
  const isAtTwilio = ['queued', 'ringing', 'in-progress'].includes(call.state);
  const reason = <TextField name="reason" label="Reason (optional)" value={view.form.reason} />;
  const forms: Record<ControlName, unknown> = {
    retry: (
      <Confirm
        action="retry"
        text="Dial again now…"
        question="The phone rings as soon as the calling window and the limits allow."
        yes="Dial now"
      />
    ),
    resume: (
      <Confirm
        action="resume"
        text="Resume…"
        question="The call goes on. If its next attempt is due, the phone rings."
        yes="Resume this call"
      />
    ),
    pause: <ActionButton action="pause" text="Pause" />,
    reschedule: (
      <Confirm
        action="reschedule"
        text="Another time…"
        question="The next attempt begins at this time. A time in the past means now. The calling window still holds."
        yes="Set the time"
      >
        <TextField
          name="at"
          label="Time"
          value={view.form.at ?? call.nextAttemptAt ?? ''}
          required
          hint="With its offset from UTC, such as 2026-01-31T09:00:00+01:00"
        />
      </Confirm>
    ),
    cancel: (
      <Confirm
        action="cancel"
        text="Cancel…"
        question={
          isAtTwilio
            ? 'The call is at Twilio now: a phone that rings stops, and a conversation is cut off. No further attempt begins.'
            : 'No further attempt begins.'
        }
        yes="Cancel this call"
      >
        {reason}
      </Confirm>
    ),
  };
  return <>{allowed.map((name) => forms[name] as never)}</>;
}
