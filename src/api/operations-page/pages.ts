import { callPage } from './call/callPage.js';
import { callsPage } from './calls/callsPage.js';
import { nowPage } from './now/nowPage.js';
import type { Page } from './view/page.js';

/** Every page. `navigation.ts` says which of them people find without a link. */
export const pages: readonly Page[] = [nowPage, callsPage, callPage];
