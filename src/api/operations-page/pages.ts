import { batchesPage } from './batches/batchesPage.js';
import { batchPage } from './batches/batchPage.js';
import { bulkPage } from './bulk/bulkPage.js';
import { operationPage } from './bulk/operationPage.js';
import { callPage } from './call/callPage.js';
import { callsPage } from './calls/callsPage.js';
import { deadLettersPage } from './dead-letters/deadLettersPage.js';
import { dialingPage } from './dialing/dialingPage.js';
import { doNotCallPage } from './do-not-call/doNotCallPage.js';
import { nowPage } from './now/nowPage.js';
import { overTimePage } from './over-time/overTimePage.js';
import { toolboxPage } from './toolbox/toolboxPage.js';
import type { Page } from './view/page.js';

/** Every page. `navigation.ts` says which of them people find without a link. */
export const pages: readonly Page[] = [
  nowPage,
  overTimePage,
  callsPage,
  callPage,
  bulkPage,
  operationPage,
  batchesPage,
  batchPage,
  doNotCallPage,
  dialingPage,
  deadLettersPage,
  toolboxPage,
];
