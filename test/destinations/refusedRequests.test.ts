import { beforeEach, describe, expect, it } from 'vitest';
import { eventually, problem, useApi } from '../api/useApi.js';
import { endCallsAutomatically } from '../support/endCallsAutomatically.js';
import { useCallBench } from '../support/useCallBench.js';

const context = useCallBench();
const api = useApi(context);
const allowed = '+4930123456';
const forbidden = '+442079460123';

beforeEach(() => {
  context.bench.settings.destinations = { countries: ['US'], prefixes: ['+49'] };
});

describe('POST /calls', () => {
  it.each([
    [
      forbidden,
      'is "+442079460123", a number of GB; must be where RINGTRUE_DESTINATIONS allows calls: US, +49',
    ],
    ['+19005551234', expect.stringContaining('a premium-rate number')],
    ['+1911', expect.stringContaining('an emergency number')],
  ])('%s: 422 that names to', async (to, message) => {
    expect(await api.post('/calls', { to, twiml: '<Response/>' })).toMatchObject({
      status: 422,
      json: { ...problem('invalid-request', 422), faults: [{ path: 'to', message }] },
    });
    expect(context.twilio.requests).toEqual([]);
  });

  it('the number is no longer allowed: the same Idempotency-Key still gives its call', async () => {
    const request = { to: allowed, twiml: '<Response/>', notBefore: '2099-01-01T00:00:00Z' };
    const key = { 'Idempotency-Key': `destination-${Math.random()}` };
    const first = await api.post('/calls', request, key);
    expect(first.status).toBe(202);
    context.bench.settings.destinations = { countries: ['US'], prefixes: [] };
    expect(await api.post('/calls', request, key)).toMatchObject({
      status: 200,
      json: { callId: first.json.callId },
    });
    await api.post(`/calls/${first.json.callId}/cancel`, {});
  });
});

describe('batches and redials', () => {
  const defaults = { twiml: '<Response/>', lookup: 'off' };

  it('a row with such a number: 422 that names its row and to', async () => {
    const calls = [{ to: allowed }, { to: forbidden }];
    expect(await api.post('/batches', { defaults, calls })).toMatchObject({
      status: 422,
      json: {
        faults: [{ row: 2, column: 'to', path: 'to', message: expect.stringContaining('a number of GB') }],
      },
    });
  });

  it('a redial of a number that is no longer allowed: 422, or left out on request', async () => {
    endCallsAutomatically(context, () => 'busy');
    const numbers = [context.to, forbidden];
    context.bench.settings.destinations = null;
    const { json } = await api.post('/batches', { defaults, calls: numbers.map((to) => ({ to })) });
    await eventually(
      async () => (await api.get(`/batches/${json.batchId}`)).json,
      ({ state }) => state === 'done',
    );
    context.bench.settings.destinations = { countries: [], prefixes: [context.to] };
    const query = { batch: json.batchId, paused: true };
    const fault = { path: 'to', message: expect.stringContaining('a number of GB') };
    expect(await api.post('/redials', query)).toMatchObject({ status: 422, json: { faults: [fault] } });
    expect(await api.post('/redials', { ...query, skipFaultyRows: true })).toMatchObject({
      status: 202,
      json: { total: 1, skipped: { rows: 1, faults: [fault] } },
    });
  });
});
