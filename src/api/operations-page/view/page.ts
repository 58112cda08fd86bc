import type { Child } from 'hono/jsx';
import type { Role } from '../../../config/apiTokens.js';
import type { Message, View } from './view.js';

/**
 * One page. To add one, write such an object in a folder of its own, name it in `pages.ts`, and, if people shall
 * find it without a link, in `navigation.ts`.
 *
 * The layout around it, sign-in, roles, the check of the origin, errors and updates while it is open are done for
 * every page. An element with `id` and `data-live` is replaced when its content changes; a table with `data-rows`
 * keeps its rows, and new ones wait until the person wants them.
 */
export interface Page {
  /** As Hono writes it: `/ui/calls/:callId`. */
  path: string;
  /** Who may see it. */
  roles: readonly [Role, ...Role[]];
  show(view: View): Promise<Shown> | Shown;
  /**
   * What its forms do, by the value of the field `action`. Forms are sent to the address of the page itself, so that
   * it stays where it is.
   */
  actions?: Record<string, PageAction>;
}

export interface Shown {
  title: string;
  body: Child;
  /** 200 if absent. */
  status?: 404 | 422 | 503;
  /** Wider than text: for lists. */
  wide?: boolean;
}

export interface PageAction {
  /** As of the route of the API that does it. */
  roles: readonly [Role, ...Role[]];
  /** Only with the field `confirmed`, which the component `Confirm` sends. */
  confirmed?: true;
  /**
   * `done`: the page is loaded again, or the page `to`. `here`: the page is shown in answer to the form, for what must
   * not stay in an address.
   */
  run(view: View): Promise<ActionResult>;
}

export type ActionResult = { done: string; to?: string } | { here: string } | { refused: Message };
