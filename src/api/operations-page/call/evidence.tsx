import type { Attempt, CallUpdate } from '../../../../workflows/callOutcome.js';
import { withMaskedNumbers } from '../parts/maskedNumber.js';
import { Moment } from '../parts/moment.js';
import { Facts } from '../parts/table.js';

const sources: Record<CallUpdate['source'], string> = { webhook: 'callback', poll: 'poll' };

/** Everything that is known about one attempt, in the order in which it arrived. */
export function Evidence({ attempt, zone }: { attempt: Attempt; zone: string }) {
  const { evidence, callSid, reason, number } = attempt;
  const deciding = decidingUpdate(attempt);
  const title = `Evidence of attempt ${number}`;
  return (
    <section class="card" aria-label={title}>
      <h3>{title}</h3>
      <Facts
        facts={[
          ['Twilio call', callSid === null ? null : <TwilioLink callSid={callSid} />],
          ['Outcome', attempt.outcome],
          ['Decided by', attempt.decidedBy],
          ['Reason', reason && `${withMaskedNumbers(reason.message)} (${reason.source} ${reason.code})`],
          ['Answered by', attempt.answeredBy],
          ['SID learned from', evidence.create?.sidFrom],
          ['Was unclear', evidence.create?.unclear && withMaskedNumbers(evidence.create.unclear)],
          [
            'Twilio refused',
            evidence.create?.error &&
              `${withMaskedNumbers(evidence.create.error.message)} (${evidence.create.error.code ?? `HTTP ${evidence.create.error.httpStatus}`})`,
          ],
          ['Sources disagree', evidence.disagreed ? 'Two sources gave different final statuses' : null],
        ]}
      />
      {evidence.updates.length === 0 ? (
        <p class="quiet">No callback and no poll said anything.</p>
      ) : (
        <section class="scroll" tabindex={0} aria-label={`Updates of attempt ${number}`}>
          <table>
            <caption>Updates of attempt {number}, in the order of arrival</caption>
            <thead>
              <tr>
                {heads.map((head) => (
                  <th scope="col">{head}</th>
                ))}
              </tr>
            </thead>
            <tbody>
              {evidence.updates.map((update) => (
                <tr class={update === deciding ? 'decided' : undefined}>
                  <td data-head="Status">
                    {update.status}
                    {update === deciding ? <strong> · decided</strong> : ''}
                  </td>
                  <td data-head="Source">{sources[update.source]}</td>
                  <td data-head="At">
                    <Moment at={update.at} zone={zone} />
                  </td>
                  <td data-head="Sequence">{update.sequence ?? '–'}</td>
                  <td data-head="SIP">{update.sipResponseCode ?? '–'}</td>
                  <td data-head="Error">{update.errorCode ?? '–'}</td>
                  <td data-head="Seconds">{update.durationSeconds ?? '–'}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
    </section>
  );
}

const heads = ['Status', 'Source', 'At', 'Sequence', 'SIP', 'Error', 'Seconds'];

/** The update from which the outcome was read. Undefined if it came from elsewhere: Lookup, the create, a rule. */
export function decidingUpdate({ decidedBy, status, evidence, callSid }: Attempt): CallUpdate | undefined {
  return evidence.updates.find(
    (update) => update.source === decidedBy && update.status === status && update.callSid === callSid,
  );
}

function TwilioLink({ callSid }: { callSid: string }) {
  return (
    <a href={`https://www.twilio.com/console/voice/calls/logs/${callSid}`} rel="noreferrer" class="sid">
      {callSid}
    </a>
  );
}
