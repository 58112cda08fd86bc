import type { Role } from '../../../config/apiTokens.js';
import { rolesFor } from '../../http/route.js';

interface NavigationEntry {
  text: string;
  path: string;
  roles: readonly Role[];
}

/** The pages that people find without a link, in the order in which they are shown. */
export const navigation: readonly NavigationEntry[] = [
  { text: 'Now', path: '/', roles: rolesFor.readingCalls },
  { text: 'Calls', path: '/ui/calls', roles: rolesFor.readingCalls },
  { text: 'Over time', path: '/ui/statistics', roles: rolesFor.readingCalls },
  { text: 'Bulk', path: '/ui/bulk', roles: rolesFor.readingCalls },
  { text: 'Batches', path: '/ui/batches', roles: rolesFor.readingCalls },
  { text: 'Do not call', path: '/ui/do-not-call', roles: rolesFor.readingListsAndDialing },
  { text: 'Dialing', path: '/ui/dialing', roles: rolesFor.readingListsAndDialing },
  { text: 'Dead letters', path: '/ui/dead-letters', roles: rolesFor.readingCalls },
  { text: 'Toolbox', path: '/ui/toolbox', roles: rolesFor.readingCalls },
];
