import { rolesFor } from '../../http/route.js';
import { Badge } from '../parts/badge.js';
import type { Page } from '../view/page.js';
import type { View } from '../view/view.js';

/** `GET /` */
export const nowPage: Page = {
  path: '/',
  roles: rolesFor.readingCalls,
  show: async (view) => {
    const unfinished = await view.tools.store.countUnfinished();
    return {
      title: 'Now',
      wide: true,
      body: (
        <section id="states" data-live aria-label="Calls by state">
          <ul class="tiles">
            {unfinished.map(({ state, count }) => (
              <li>
                <a href={view.at(`/ui/calls?state=${state}`)}>
                  <strong>{count}</strong> <Badge kind={count > 0 ? 'active' : 'plain'} text={state} />
                </a>
              </li>
            ))}
          </ul>
          {unfinished.every(({ count }) => count === 0) ? <NothingRuns view={view} /> : null}
        </section>
      ),
    };
  },
};

function NothingRuns({ view }: { view: View }) {
  return (
    <p>
      No call is under way. <a href={view.at('/ui/calls')}>All calls</a>
    </p>
  );
}
