import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Engine, engines } from './engines.js';
import { admissionSuite } from './suites/admissionSuite.js';
import { batchSuite } from './suites/batchSuite.js';
import { breakerSuite } from './suites/breakerSuite.js';
import { callListSuite } from './suites/callListSuite.js';
import { callRowSuite } from './suites/callRowSuite.js';
import { deadLetterSuite } from './suites/deadLetterSuite.js';
import { doNotCallSuite } from './suites/doNotCallSuite.js';
import { eventFeedSuite } from './suites/eventFeedSuite.js';
import { bulkSuite } from './suites/operations-page/bulkSuite.js';
import { operationsPageSuite } from './suites/operations-page/operationsPageSuite.js';
import { statisticsSuite } from './suites/operations-page/statisticsSuite.js';
import { operatorLimitSuite } from './suites/operatorLimitSuite.js';
import { placementLimitSuite } from './suites/placementLimitSuite.js';
import { placementSuite } from './suites/placementSuite.js';
import { redialSuite } from './suites/redialSuite.js';
import { workflowEndSuite } from './suites/workflowEndSuite.js';

describe.each(engines)('outcome store on $name', ({ open }) => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await open();
  }, 120_000);
  afterAll(() => engine?.close());

  callRowSuite(() => engine);
  placementSuite(() => engine);
  admissionSuite(() => engine);
  placementLimitSuite(() => engine);
  breakerSuite(() => engine);
  callListSuite(() => engine);
  doNotCallSuite(() => engine);
  operatorLimitSuite(() => engine);
  deadLetterSuite(() => engine);
  eventFeedSuite(() => engine);
  batchSuite(() => engine);
  redialSuite(() => engine);
  statisticsSuite(() => engine);
  bulkSuite(() => engine);
  workflowEndSuite(() => engine);
  operationsPageSuite(() => engine);

  it('the store serves: ping throws nothing', async () => {
    await expect(engine.store.ping()).resolves.toBeUndefined();
  });
});
