import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { batchRules } from './batchRules.js';
import { breakerRules } from './breakerRules.js';
import { callListRules } from './callListRules.js';
import { callRowRules } from './callRowRules.js';
import { deadLetterRules } from './deadLetterRules.js';
import { dialControlRules } from './dialControlRules.js';
import { dialGateRules } from './dialGateRules.js';
import { dialLimitRules } from './dialLimitRules.js';
import { dialRules } from './dialRules.js';
import { type Engine, engines } from './engines.js';
import { redialRules } from './redialRules.js';
import { suppressionRules } from './suppressionRules.js';

describe.each(engines)('outcome store on $name', ({ open }) => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await open();
  }, 120_000);
  afterAll(() => engine?.close());

  callRowRules(() => engine);
  dialRules(() => engine);
  dialGateRules(() => engine);
  dialLimitRules(() => engine);
  breakerRules(() => engine);
  callListRules(() => engine);
  suppressionRules(() => engine);
  dialControlRules(() => engine);
  deadLetterRules(() => engine);
  batchRules(() => engine);
  redialRules(() => engine);

  it('is asked whether it serves: no error', async () => {
    await expect(engine.store.ping()).resolves.toBeUndefined();
  });
});
