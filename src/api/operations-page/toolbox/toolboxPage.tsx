import { rolesFor } from '../../http/route.js';
import type { Page } from '../view/page.js';
import { MayCall } from './mayCall.js';
import { PolicyPreview } from './policyPreview.js';

/** `GET /ui/toolbox`: questions that change nothing. */
export const toolboxPage: Page = {
  path: '/ui/toolbox',
  roles: rolesFor.readingCalls,
  show: (view) => {
    const query = new URL(view.target, 'http://localhost').searchParams;
    return {
      title: 'Toolbox',
      body: (
        <>
          {view.may(rolesFor.changingCalls) ? <MayCall view={view} query={query} /> : null}
          <PolicyPreview view={view} query={query} />
        </>
      ),
    };
  },
};
