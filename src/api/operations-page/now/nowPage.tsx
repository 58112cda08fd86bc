import { rolesFor } from '../../http/route.js';
import { waitingReport } from '../../statistics/waitingReport.js';
import { Badge } from '../parts/badge.js';
import { Facts } from '../parts/table.js';
import type { Page } from '../view/page.js';
import type { View } from '../view/view.js';
import { WaitingPanel } from './waitingPanel.js';

const minuteSeconds = 60;

/** `GET /`: calls by state, the rate against its limit, and why calls are not ringing. */
export const nowPage: Page = {
  path: '/',
  roles: rolesFor.readingCalls,
  show: async (view) => {
    const { store } = view.tools;
    const [unfinished, pace, waiting] = await Promise.all([
      store.countUnfinished(),
      readPace(view),
      waitingReport(view.tools),
    ]);
    return {
      title: 'Now',
      wide: true,
      body: (
        <>
          <section id="states" data-live aria-label="Calls by state">
            <ul class="tiles">
              {unfinished.map(({ state, count }) => (
                <li>
                  <a href={view.at(`/ui/calls?state=${state}`)}>
                    <strong>{count}</strong>{' '}
                    <Badge kind={count > 0 ? 'active' : 'plain'} text={state.replaceAll('-', ' ')} />
                  </a>
                </li>
              ))}
            </ul>
            {unfinished.every(({ count }) => count === 0) ? <NothingRuns view={view} /> : null}
          </section>
          <section id="pace" data-live aria-label="Pace of dialing">
            <Facts
              facts={[
                [
                  'Placed in the last minute',
                  <Gauge
                    id="rate"
                    value={pace.placed}
                    most={pace.mostPlaced}
                    of="that the rate limit allows"
                  />,
                ],
                [
                  'In flight',
                  pace.mostInFlight === null ? (
                    `${pace.inFlight}, without a limit`
                  ) : (
                    <Gauge id="in-flight" value={pace.inFlight} most={pace.mostInFlight} of="that may be" />
                  ),
                ],
              ]}
            />
          </section>
          <WaitingPanel view={view} report={waiting} />
        </>
      ),
    };
  },
};

/** How much of the limits of the account is in use. */
async function readPace({ tools }: View) {
  const { store, accountSid, rules } = tools;
  const [{ limits, inFlight }, placed] = await Promise.all([
    store.readDialing({ accountSid }),
    store.countPlacements({ accountSid, seconds: minuteSeconds }),
  ]);
  const callsPerSecond = limits.callsPerSecond ?? rules.callsPerSecond;
  const callsInFlight = limits.callsInFlight ?? rules.callsInFlight;
  return {
    placed,
    mostPlaced: Math.max(1, Math.floor(callsPerSecond * minuteSeconds)),
    inFlight,
    // 0 means no limit.
    mostInFlight: callsInFlight === 0 ? null : callsInFlight,
  };
}

/** A number of at most so many, as a bar and in words. */
function Gauge({ id, value, most, of }: { id: string; value: number; most: number; of: string }) {
  return (
    <>
      <meter id={`gauge-${id}`} min={0} max={most} value={value} aria-label={`${value} of ${most}`} /> {value}{' '}
      of {most} {of}
    </>
  );
}

function NothingRuns({ view }: { view: View }) {
  return (
    <p>
      No call is under way. <a href={view.at('/ui/calls')}>All calls</a>
    </p>
  );
}
