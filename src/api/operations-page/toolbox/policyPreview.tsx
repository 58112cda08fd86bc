import type { RetryPolicy } from '../../../../workflows/callRequest.js';
import type { RetryBasis } from '../../../../workflows/rules/retry.js';
import { type DryRunResult, dryRun } from '../../../policy/dryRun.js';
import { simulatedVerdict } from '../../../policy/simulatedVerdict.js';
import { FilterForm, SelectField, TextField } from '../parts/fields.js';
import { durationText, Moment } from '../parts/moment.js';
import type { View } from '../view/view.js';

const longestPreview = 200;

/** When a retry policy would dial again, if the attempts ended so: what `ringtrue policy explain` prints. */
export async function PolicyPreview({ view, query }: { view: View; query: URLSearchParams }) {
  const policies = view.tools.policies();
  const names = Object.keys(policies);
  const name = query.get('policy') ?? '';
  const outcomes = query.get('outcomes') ?? '';
  return (
    <section class="card" aria-labelledby="policy-title">
      <h2 id="policy-title">When would a policy dial again?</h2>
      <p class="quiet">
        Name how each attempt ends, separated by commas. The last one repeats. Calling windows and limits are
        left out.
      </p>
      <FilterForm clear={null}>
        <SelectField name="policy" label="Policy" value={name} options={names} />
        <div class="search">
          <TextField name="outcomes" label="Attempts end as" value={outcomes || 'busy, no-answer'} required />
        </div>
      </FilterForm>
      {outcomes === '' || !Object.hasOwn(policies, name) ? null : (
        <Result policy={policies[name] as RetryPolicy} outcomes={outcomes} zone={view.zone} />
      )}
    </section>
  );
}

async function Result({ policy, outcomes, zone }: { policy: RetryPolicy; outcomes: string; zone: string }) {
  const words = outcomes
    .split(',')
    .map((text) => text.trim())
    .slice(0, longestPreview);
  const verdicts: RetryBasis[] = [];
  const faults: string[] = [];
  for (const text of words) {
    const verdict = simulatedVerdict(text);
    if ('wrong' in verdict) faults.push(`"${text}" ${verdict.wrong}.`);
    else verdicts.push(verdict);
  }
  if (faults.length > 0)
    return (
      <div class="message refused" role="alert">
        <ul>
          {faults.map((fault) => (
            <li>{fault}</li>
          ))}
        </ul>
      </div>
    );
  const scenario = {
    // Whole minutes: the page changes only once a minute.
    startAt: new Date(Math.floor(Date.now() / 60_000) * 60_000).toISOString(),
    giveUpAt: null,
    to: null,
    window: null,
    verdicts,
  };
  const [earliest, latest] = [await dryRun(policy, scenario, 0), await dryRun(policy, scenario, 1)];
  return (
    <div role="status">
      <section class="scroll" tabindex={0} aria-label="Attempts of the policy">
        <table>
          <caption>When each attempt would begin</caption>
          <thead>
            <tr>
              {['Attempt', 'Begins', 'After a wait of', 'Because of', 'Ends as'].map((head) => (
                <th scope="col">{head}</th>
              ))}
            </tr>
          </thead>
          <tbody>
            {earliest.rings.map((ring, index) => (
              <tr>
                <td data-head="Attempt">{ring.attempt}</td>
                <td data-head="Begins">
                  <Moment at={ring.at} zone={zone} />
                </td>
                <td data-head="After a wait of">{waitText(ring, latest.rings[index])}</td>
                <td data-head="Because of">{ring.wait?.because ?? '–'}</td>
                <td data-head="Ends as">{words[Math.min(ring.attempt, words.length) - 1]}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
      <p>
        {earliest.endedBecause.message}. The call ends as {earliest.outcome}.
      </p>
    </div>
  );
}

type Ring = DryRunResult['rings'][number];

/** With jitter: from the shortest wait to the longest. */
function waitText(ring: Ring, longest: Ring | undefined): string {
  if (ring.wait === null) return 'none';
  const [short, long] = [
    durationText(ring.wait.seconds),
    durationText(longest?.wait?.seconds ?? ring.wait.seconds),
  ];
  return short === long ? short : `${short} to ${long}`;
}
