import { rolesFor } from '../../http/route.js';
import type { Page } from '../view/page.js';

/** For every other path below `/ui`. */
export const notFoundPage: Page = {
  path: '/ui/*',
  roles: rolesFor.readingCalls,
  show: (view) => ({
    title: 'There is no such page',
    status: 404,
    body: (
      <p>
        Check the address, or begin at <a href={view.at('/')}>Now</a>.
      </p>
    ),
  }),
};
