import type { DryRun } from '../../calls/dryRun.js';
import { numberIn } from '../calls/findCalls.js';
import { Badge } from '../parts/badge.js';
import { FilterForm, TextField } from '../parts/fields.js';
import { withMaskedNumbers } from '../parts/maskedNumber.js';
import { Moment } from '../parts/moment.js';
import { refusedMessage, type View } from '../view/view.js';

/** May this number be called now? The dry run of a call, rule by rule. */
export async function MayCall({ view, query }: { view: View; query: URLSearchParams }) {
  const text = query.get('number')?.trim() ?? '';
  return (
    <section class="card" aria-labelledby="may-call-title">
      <h2 id="may-call-title">May this number be called now?</h2>
      <p class="quiet">
        Asks every rule that a call would meet. Nothing is dialed, and nobody is asked for money.
      </p>
      <FilterForm clear={null}>
        <div class="search">
          <TextField name="number" label="Phone number" value={text} placeholder="+15005550006" required />
        </div>
        {view.tools.defaultFrom === null ? (
          <TextField name="from" label="Caller id" value={query.get('from') ?? ''} required />
        ) : null}
      </FilterForm>
      {text === '' ? null : await answerFor(view, text, query.get('from'))}
    </section>
  );
}

async function answerFor(view: View, text: string, from: string | null) {
  const answer = await view.api<DryRun>('POST', '/calls?dryRun=true', {
    to: numberIn(text, view.tools.defaultFrom) ?? text,
    ...(from ? { from } : {}),
    twiml: '<Response/>',
  });
  if (!answer.ok) {
    const { text: detail, faults } = refusedMessage(answer);
    return (
      <div class="message refused" role="alert">
        {faults ? (
          <ul>
            {faults.map(({ path, message }) => (
              <li>
                <code>{path}</code> {message}
              </li>
            ))}
          </ul>
        ) : (
          <p>{detail}</p>
        )}
      </div>
    );
  }
  const { forbiddenBy, delayedBy, unchecked, earliestAttemptAt } = answer.body;
  return (
    <div role="status">
      <p>
        {forbiddenBy.length > 0 ? (
          <Badge kind="bad" text="No" />
        ) : delayedBy.length > 0 ? (
          <Badge kind="waiting" text="Not yet" />
        ) : (
          <Badge kind="good" text="Yes" />
        )}{' '}
        {earliestAttemptAt === null ? null : (
          <>
            Earliest attempt: <Moment at={earliestAttemptAt} zone={view.zone} />
          </>
        )}
      </p>
      <ol class="rules">
        {forbiddenBy.map(({ by, message }) => (
          <li>
            <Badge kind="bad" text={by} /> {withMaskedNumbers(message)}.
          </li>
        ))}
        {delayedBy.map(({ by, message }) => (
          <li>
            <Badge kind="waiting" text={by} /> {withMaskedNumbers(message)}.
          </li>
        ))}
        {unchecked.map(({ by, message }) => (
          <li>
            <Badge kind="plain" text={by} /> {message}.
          </li>
        ))}
      </ol>
    </div>
  );
}
