import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Engine, engines } from './engines.js';
import { admissionSuite } from './suites/admissionSuite.js';
import { batchSuite } from './suites/batchSuite.js';
import { breakerSuite } from './suites/breakerSuite.js';
import { bulkSuite } from './suites/bulkSuite.js';
import { callListSuite } from './suites/callListSuite.js';
import { callRowSuite } from './suites/callRowSuite.js';
import { deadLetterSuite } from './suites/deadLetterSuite.js';
import { doNotCallSuite } from './suites/doNotCallSuite.js';
import { eventFeedSuite } from './suites/eventFeedSuite.js';
import { operationsPageSuite } from './suites/operationsPageSuite.js';
import { operatorLimitSuite } from './suites/operatorLimitSuite.js';
import { placementLimitSuite } from './suites/placementLimitSuite.js';
import { placementSuite } from './suites/placementSuite.js';
import { redialSuite } from './suites/redialSuite.js';
import { statisticsSuite } from './suites/statisticsSuite.js';
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
