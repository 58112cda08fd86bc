import { expect, it } from 'vitest';
import { healthItems } from '../../src/api/operations-page/health/healthItems.js';
import type { Health } from '../../src/api/operations-page/health/healthReader.js';

const well = {
  checks: { store: 'ok', temporal: 'ok' },
  dialing: {
    limits: { callsInFlight: null, callsPerSecond: null },
    paused: null,
    breaker: { state: 'closed', openedAt: null, openUntil: null, reason: null },
    inFlight: 3,
  },
  facts: { deadLetters: 0, byCallback: 9, byPoll: 1, breakerCode: null },
  workers: 2,
};

/** The health with some of it changed. */
function health(change: { [Part in keyof typeof well]?: object | number | null }): Health {
  const entries = Object.entries(well).map(([part, value]) => {
    const other = change[part as keyof typeof well];
    return [part, typeof other === 'object' && other ? { ...(value as object), ...other } : (other ?? value)];
  });
  return Object.fromEntries(entries) as unknown as Health;
}

it.each([
  ['everything works', {}, [], []],
  ['Temporal is down', { checks: { temporal: 'gave no answer within 3 s' } }, ['temporal'], []],
  [
    'somebody paused dialing',
    { dialing: { paused: { since: '', reason: 'x', by: 'ops' } } },
    [],
    ['Dialing'],
  ],
  [
    'Twilio fails',
    { dialing: { breaker: { state: 'open', reason: 'Twilio failed 5 times' } } },
    [],
    ['Dialing'],
  ],
  [
    'Twilio refuses the account',
    { dialing: { breaker: { state: 'open', reason: 'refused' } }, facts: { breakerCode: '20003' } },
    ['Dialing'],
    [],
  ],
  ['no worker runs', { workers: 0 }, ['Workers'], []],
  ['no callback arrives', { facts: { byCallback: 0, byPoll: 10 } }, ['Callbacks'], []],
  ['one call was polled', { facts: { byCallback: 0, byPoll: 1 } }, [], ['Callbacks']],
  ['a limit is reached', { dialing: { limits: { callsInFlight: 3 } } }, [], ['In flight']],
  ['a notification is dead', { facts: { deadLetters: 2 } }, [], ['Dead letters']],
] as const)('%s: red only if a person must act', (_, change, act, waiting) => {
  const items = healthItems(health(change), { publicUrl: 'https://ringtrue.example' });
  const names = (kind: string) => items.filter((item) => item.kind === kind).map(({ name }) => name);
  expect([names('act'), names('waiting')]).toEqual([act, waiting]);
});

it('callbacks are off: polling decides everything, and nothing is wrong', () => {
  const items = healthItems(health({ facts: { byCallback: 0, byPoll: 50 } }), { publicUrl: null });
  expect(items.find(({ name }) => name === 'Callbacks')).toMatchObject({ kind: 'ok', text: 'off' });
});
