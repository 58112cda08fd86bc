import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import {
  type Choice,
  finalStatuses,
  outcomes,
  specialCourses,
} from '../../src/simulator/numbers/callCourses.js';
import { callbackFaults, createFaults, readFaults } from '../../src/simulator/numbers/faults.js';
import {
  lineStatuses,
  lineTypes,
  lookupTroubles,
  validationErrors,
} from '../../src/simulator/numbers/lookupChoices.js';
import { behaviorOf, numberRows, showcase } from '../../src/simulator/numbers/numbers.js';
import { withNumberTable } from '../../src/simulator/numbers/numberTable.js';

describe('the table of numbers', () => {
  it.each(numberRows.map(({ example, pattern }) => [example, pattern]))(
    '%s is an example of %s',
    (number, pattern) => {
      expect(behaviorOf(number).pattern).toBe(pattern);
    },
  );

  it.each<[string, Choice<unknown>[]]>([
    ['final statuses', finalStatuses],
    ['courses', specialCourses],
    ['outcomes', outcomes],
    ['create faults', createFaults],
    ['callback faults', callbackFaults],
    ['read faults', readFaults],
    ['validation errors', validationErrors],
    ['line types', lineTypes],
    ['line statuses', lineStatuses],
    ['troubles with Lookup', lookupTroubles],
  ])('%s: no digits have two meanings', (_, choices) => {
    expect(new Set(choices.map(({ digits }) => digits)).size).toBe(choices.length);
  });

  it('digits combine: create, callback and read faults on a call that is busy', () => {
    expect(behaviorOf('+15009092132')).toMatchObject({
      pattern: '+15009CCBRNO',
      createFault: { fault: { calls: 'yes', answer: { kind: 'truncated' } }, times: 3 },
      callbackFault: 'last-lost',
      readFault: { fault: 'not-found-at-first', times: 3 },
      course: { ends: 'busy', sip: 486 },
    });
  });

  it('unknown digits: count as the first row of the table', () => {
    expect(behaviorOf('+15009999999')).toMatchObject({ createFault: null, callbackFault: 'straggler' });
    expect(behaviorOf('+15008999000').lookup).toMatchObject({ validationError: null, lineType: 'mobile' });
  });

  it('any other number: answered by a human', () => {
    for (const number of ['+4915112345678', 'client:jo', '']) {
      expect(behaviorOf(number)).toMatchObject({ pattern: 'any other', course: { ends: 'completed' } });
    }
  });

  it('the showcase: numbers of the table, each with its own outcome', () => {
    expect(new Set(showcase.map(({ happens }) => happens)).size).toBe(showcase.length);
    for (const { to } of showcase) expect(behaviorOf(to).pattern).not.toBe('any other');
  });

  it('docs/simulator.md shows the current table', async () => {
    const path = fileURLToPath(new URL('../../docs/simulator.md', import.meta.url));
    await expect(withNumberTable(readFileSync(path, 'utf8'))).toMatchFileSnapshot(path);
  });
});
