import type { CallState } from '../client/ringtrue.js';

/** What a call waits for, by how that begins, and what a person can do about it. */
const remedies: readonly [begins: RegExp, remedy: (call: CallState) => string][] = [
  [/^dialing to be resumed/, () => '`ringtrue dialing resume` ends the pause.'],
  [
    /^the circuit breaker/,
    () =>
      '`ringtrue dialing` shows why it opened. It closes by itself once Twilio accepts calls, or with `ringtrue dialing resume`.',
  ],
  [/^somebody to resume/, ({ callId }) => `\`ringtrue resume ${callId}\` resumes it.`],
  [/^the Twilio account/, () => '`ringtrue doctor` shows what to correct. The call goes on by itself then.'],
  [
    /^the calling window/,
    ({ callId }) =>
      `It rings by itself then. To call at once: \`ringtrue cancel ${callId}\`, and call again with --urgent.`,
  ],
  [
    /^notBefore/,
    ({ callId }) => `It rings by itself then, or earlier with \`ringtrue reschedule ${callId} --at TIME\`.`,
  ],
  [/^a clear answer/, () => 'The eligibility URL must answer. `ringtrue doctor` checks everything else.'],
  [
    /^the outcome store/,
    () => '`ringtrue doctor` shows what is wrong with it. The call goes on by itself then.',
  ],
  [/^a worker/, () => noWorkerRemedy],
  [
    /^capacity/,
    () =>
      '`ringtrue dialing` shows the limits. If it stays so, `ringtrue doctor` shows whether a worker places calls.',
  ],
];

const noWorkerRemedy =
  'Start `ringtrue worker`, or `ringtrue dev`. `ringtrue doctor` shows which task queues nobody polls.';

/** Why the phone does not ring yet, and what to do; null if it rings, is about to, or has rung. */
export function whyNotRinging(call: CallState): string | null {
  if (call.outcome !== null || call.state === 'done') return null;
  if (call.stale) return `It does not ring: no worker answers for the call. ${noWorkerRemedy}`;
  const { waitingFor, state } = call;
  if (waitingFor === null || !['waiting', 'placing'].includes(state)) return null;
  const remedy = remedies.find(([begins]) => begins.test(waitingFor))?.[1](call);
  return `It does not ring yet: it waits for ${waitingFor}.${remedy === undefined ? '' : ` ${remedy}`}`;
}
