import Ajv2020 from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkCallRequest } from '../../activities/validation/callRequestSchema.js';
import { ownParameters } from '../../activities/validation/twilioParameters.js';
import { builtInPolicies } from '../../src/config/policies.js';
import type { CallOutcome } from '../../workflows/callOutcome.js';
import { bareApi } from '../api/useApi.js';
import { outcome } from '../store/records.js';
import { recordedHistories } from '../support/histories.js';

/** With tokens, to show that schemas need none. */
const api = bareApi({ apiTokens: ['a-token-of-twenty-characters'] });
const ajv = new Ajv2020.default({ allErrors: true });
addFormats.default(ajv);

async function served(name: string) {
  const response = await api.request(`/schemas/${name}.json`);
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toBe('application/schema+json');
  return (await response.json()) as { $schema: string; $id: string };
}
const request = await served('CallRequest');
const outcomes = await served('CallOutcome');
const fitsRequest = ajv.compile(request);
const fitsOutcome = ajv.compile(outcomes);

const context = { policies: { ...builtInPolicies }, defaultFrom: null };
const isAccepted = (input: unknown) => 'request' in checkCallRequest(input, context);
const valid = { to: '+15005550100', from: '+15005550006', twiml: '<Response/>' };
const withFields = (fields: object) => JSON.parse(JSON.stringify({ ...valid, ...fields }));
const withPolicy = (policy: object) => ({ retry: { maxAttempts: 2, ...policy } });
const withWindow = (window: object) => ({ callingWindow: { start: '08:00', end: '21:00', ...window } });
const withTwilio = (twilio: object) => ({ twilio });
const url = { twiml: undefined, url: 'https://example.com/twiml' };

/** Both take these. */
const good: [string, object][] = [
  ['the least that is needed', {}],
  ['a URL', url],
  ['an application', { twiml: undefined, applicationSid: `AP${'0aF'.repeat(10)}12` }],
  [
    'TwiML with attributes and a declaration',
    { twiml: '<?xml version="1.0"?>\n<Response a="b"><Say>ü</Say></Response>' },
  ],
  [
    'every choice',
    { machineDetection: 'enable', lookup: 'lineType', priority: 5, urgent: true, allowParallel: false },
  ],
  [
    'limits of numbers',
    { ringTimeoutSeconds: 5, maxDurationSeconds: 86_400, fairnessKey: 'tenant 42 / north' },
  ],
  ['a policy by name', { retry: 'standard' }],
  [
    'a policy',
    withPolicy({
      retryOn: ['busy', 'sip:480', 'error:32005', 'answered-by-machine'],
      neverOn: ['sip:607'],
      jitter: 0.2,
    }),
  ],
  [
    'intervals and back-offs',
    withPolicy({ intervals: { busy: [60, 0.5] }, backoff: { 'sip:503': { initialIntervalSeconds: 1 } } }),
  ],
  ['no end of a policy', withPolicy({ giveUpAfterSeconds: null })],
  ['a window', withWindow({ timeZone: 'Europe/Berlin', days: [1, 7], blockedDates: ['2028-02-29'] })],
  ['ranges', { callingWindow: { ranges: [{ start: '09:00', end: '24:00', days: [1] }] } }],
  ['times', { notBefore: '2040-01-31t09:00:00.5z', giveUpAt: '2040-01-31T09:00:00+14:00' }],
  [
    'notifications',
    {
      notifyUrl: 'http://127.0.0.1:9/hook?a=b@c',
      notifyOn: ['call.ended'],
      eligibilityUrl: 'https://example.com',
    },
  ],
  ['metadata', { metadata: { order: '4711', ü: 'x'.repeat(4000) } }],
  [
    'parameters of Twilio',
    withTwilio({
      SendDigits: 'ww1#',
      Record: true,
      MachineDetectionTimeout: 20,
      RecordingStatusCallbackEvent: ['completed'],
      FallbackUrl: 'https://example.com',
      Method: 'GET',
      Byoc: `BY${'0'.repeat(32)}`,
    }),
  ],
];

/** Both refuse these. */
const bad: [string, object][] = [
  ['no destination', { to: undefined }],
  ['a number in another form', { to: '+1 500 555 0100' }],
  ['a number as a number', { to: 15005550100 }],
  ['null instead of nothing', { from: null }],
  ['an unknown field', { frm: '+15005550006' }],
  ['nothing to hear', { twiml: undefined }],
  ['two things to hear', { url: 'https://example.com' }],
  ['three things to hear', { url: 'https://example.com', applicationSid: `AP${'0'.repeat(32)}` }],
  ['empty TwiML', { twiml: '' }],
  ['long TwiML', { twiml: `<Response><Say>${'x'.repeat(4000)}</Say></Response>` }],
  ['TwiML with another root', { twiml: '<Respond/>' }],
  ['NUL in TwiML', { twiml: '<Response>\0</Response>' }],
  ['a URL of another kind', { twiml: undefined, url: 'ftp://example.com' }],
  ['a URL with a blank', { twiml: undefined, url: 'https://example.com/a b' }],
  ['a short application SID', { twiml: undefined, applicationSid: 'AP12' }],
  ['a short ring', { ringTimeoutSeconds: 4 }],
  ['half a second', { ringTimeoutSeconds: 30.5 }],
  ['a number as text', { maxDurationSeconds: '30' }],
  ['an unknown choice', { machineDetection: 'on' }],
  ['true as a choice', { lookup: true }],
  ['a policy without maxAttempts', { retry: {} }],
  ['a policy that is a number', { retry: 3 }],
  ['too many attempts', withPolicy({ maxAttempts: 101 })],
  ['an unknown field of a policy', withPolicy({ retryAfter: 60 })],
  ['an outcome that is not retried', withPolicy({ retryOn: ['answered'] })],
  ['an opt-out that is retried', withPolicy({ retryOn: ['sip:607'] })],
  ['a number that does not exist, retried', withPolicy({ retryOn: ['busy', 'error:21211'] })],
  ['a SIP code that there is not', withPolicy({ neverOn: ['sip:700'] })],
  ['a negative wait', withPolicy({ initialIntervalSeconds: -1 })],
  ['a coefficient that shrinks', withPolicy({ backoffCoefficient: 0.5 })],
  ['jitter above 1', withPolicy({ jitter: 1.5 })],
  ['no waits', withPolicy({ intervals: { busy: [] } })],
  ['a wait as text', withPolicy({ intervals: { busy: ['1m'] } })],
  ['waits of an unknown class', withPolicy({ intervals: { answered: [1] } })],
  ['a back-off without a first wait', withPolicy({ backoff: { busy: { backoffCoefficient: 2 } } })],
  [
    'an unknown field of a back-off',
    withPolicy({ backoff: { busy: { initialIntervalSeconds: 1, jitter: 1 } } }),
  ],
  ['a window without an end', { callingWindow: { start: '08:00' } }],
  ['an empty window', { callingWindow: {} }],
  ['hours of one digit', withWindow({ start: '8:00' })],
  ['ranges beside start and end', withWindow({ ranges: [{ start: '08:00', end: '21:00' }] })],
  ['ranges beside start', { callingWindow: { start: '08:00', ranges: [{ start: '08:00', end: '21:00' }] } }],
  ['ranges beside days', { callingWindow: { days: [1], ranges: [{ start: '08:00', end: '21:00' }] } }],
  ['no ranges', { callingWindow: { ranges: [] } }],
  ['too many ranges', { callingWindow: { ranges: Array(51).fill({ start: '08:00', end: '21:00' }) } }],
  [
    'a zone in a range',
    { callingWindow: { ranges: [{ start: '08:00', end: '21:00', timeZone: 'Etc/UTC' }] } },
  ],
  ['no days', withWindow({ days: [] })],
  ['a day twice', withWindow({ days: [1, 1] })],
  ['day 0', withWindow({ days: [0] })],
  ['an offset as a zone', withWindow({ timeZone: '+01:00' })],
  ['a date that there is not', withWindow({ blockedDates: ['2026-02-29'] })],
  ['a date twice', withWindow({ blockedDates: ['2026-12-25', '2026-12-25'] })],
  ['a time without an offset', { notBefore: '2026-01-31T09:00:00' }],
  ['a time without seconds', { giveUpAt: '2040-01-31T09:00Z' }],
  ['a day that there is not', { notBefore: '2026-02-29T00:00:00Z' }],
  ['a time as a number', { giveUpAt: 1764000000 }],
  ['a priority of 6', { priority: 6 }],
  ['a fairness key that is not ASCII', { fairnessKey: 'ü' }],
  ['a relative notify URL', { notifyUrl: 'example.com' }],
  ['a notify URL with a password', { notifyUrl: 'https://a:b@example.com' }],
  ['an eligibility URL with a user', { eligibilityUrl: 'https://a@example.com/x' }],
  ['notifyOn without notifyUrl', { notifyOn: ['call.ended'] }],
  ['an unknown notification', { notifyUrl: 'https://example.com', notifyOn: ['call.begun'] }],
  ['a notification twice', { notifyUrl: 'https://example.com', notifyOn: ['call.ended', 'call.ended'] }],
  ['no notification', { notifyUrl: 'https://example.com', notifyOn: [] }],
  ['a number in metadata', { metadata: { order: 4711 } }],
  ['a list as metadata', { metadata: ['a'] }],
  ['long metadata', { metadata: { a: 'x'.repeat(4090) } }],
  ['NUL in metadata', { metadata: { a: 'x\0' } }],
  ['an unknown parameter of Twilio', withTwilio({ sendDigits: '1' })],
  ['a boolean of Twilio as text', withTwilio({ Record: 'true' })],
  ['an integer of Twilio as text', withTwilio({ MachineDetectionTimeout: '20' })],
  ['a list of Twilio as text', withTwilio({ RecordingStatusCallbackEvent: 'completed' })],
  ['an unknown method', withTwilio({ Method: 'PUT' })],
  ['a relative fallback', withTwilio({ FallbackUrl: '/x' })],
  ['a trunk in another form', withTwilio({ Byoc: 'BY1' })],
  ['long text for Twilio', withTwilio({ SendDigits: '1'.repeat(4001) })],
  ['NUL for Twilio', withTwilio({ CallReason: '\0' })],
  ...Object.keys(ownParameters).map((name): [string, object] => [
    `twilio.${name}, which ringtrue sets`,
    withTwilio({ [name]: 'x' }),
  ]),
];

/** A schema cannot say these. */
const beyond: [string, object][] = [
  ['TwiML that is not well-formed', { twiml: '<Response><Say>a & b</Say></Response>' }],
  ['a zone that does not exist', withWindow({ timeZone: 'Mars/Base' })],
  ['a range without length', withWindow({ end: '08:00' })],
  ['a caller that is the callee', { from: '+15005550100' }],
  ['no caller, and no default', { from: undefined }],
  ['a policy that nobody has named so', { retry: 'nobody' }],
  ['a longest wait below the first', withPolicy({ initialIntervalSeconds: 60, maximumIntervalSeconds: 30 })],
  ['a class that is retried and never retried', withPolicy({ retryOn: ['busy'], neverOn: ['busy'] })],
  [
    'metadata of many small texts',
    { metadata: Object.fromEntries(Array.from({ length: 500 }, (_, n) => [`key${n}`, 'x'])) },
  ],
];

describe('the schema of a CallRequest', () => {
  it('is JSON Schema 2020-12 with an id, and its own example is right', () => {
    expect(request).toMatchObject({
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      $id: 'urn:ringtrue:schema:CallRequest',
      title: 'CallRequest',
      additionalProperties: false,
    });
    const [example] = (request as unknown as { examples: object[] }).examples;
    expect(fitsRequest(example), ajv.errorsText(fitsRequest.errors)).toBe(true);
    expect(ajv.validateSchema(request)).toBe(true);
  });

  it.each(good)('%s: the API and the schema take it', (_, fields) => {
    const input = withFields(fields);
    expect(checkCallRequest(input, context)).toHaveProperty('request');
    expect(fitsRequest(input), ajv.errorsText(fitsRequest.errors)).toBe(true);
  });

  it.each(bad)('%s: the API and the schema refuse it', (_, fields) => {
    const input = withFields(fields);
    expect({ api: isAccepted(input), schema: fitsRequest(input) }).toEqual({ api: false, schema: false });
  });

  it.each(beyond)('%s: only the API refuses it', (_, fields) => {
    const input = withFields(fields);
    expect({ api: isAccepted(input), schema: fitsRequest(input) }).toEqual({ api: false, schema: true });
  });

  it('any mix of these fields: what the API takes, the schema takes', () => {
    const anyOfThem = fc.constantFrom(...[...good, ...bad, ...beyond].map(([, fields]) => fields));
    let accepted = 0;
    fc.assert(
      fc.property(fc.array(anyOfThem, { maxLength: 3 }), (mixed) => {
        const input = withFields(Object.assign({}, ...mixed));
        if (!isAccepted(input)) return;
        accepted++;
        expect(fitsRequest(input), ajv.errorsText(fitsRequest.errors)).toBe(true);
      }),
      { numRuns: 500 },
    );
    expect(accepted).toBeGreaterThan(10);
  });
});

describe('the schema of a CallOutcome', () => {
  /** Outcomes of the recorded histories: the results of their workflows. */
  function recordedOutcomes(): { name: string; outcome: CallOutcome }[] {
    type History = {
      events: { workflowExecutionCompletedEventAttributes?: { result?: { payloads: { data: string }[] } } }[];
    };
    return recordedHistories().flatMap(({ name, history }) => {
      const end = (history as History).events.at(-1)?.workflowExecutionCompletedEventAttributes;
      const data = end?.result?.payloads[0]?.data;
      const result = data === undefined ? null : JSON.parse(Buffer.from(data, 'base64').toString());
      return result?.callId === undefined ? [] : [{ name, outcome: result }];
    });
  }

  it('is JSON Schema 2020-12 with an id', () => {
    expect(outcomes).toMatchObject({
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      $id: 'urn:ringtrue:schema:CallOutcome',
    });
    expect(ajv.validateSchema(outcomes)).toBe(true);
  });

  it('every outcome of the recorded histories fits', () => {
    const recorded = recordedOutcomes();
    expect(recorded.length).toBeGreaterThan(40);
    expect(new Set(recorded.map((one) => one.outcome.outcome)).size).toBeGreaterThan(6);
    const misfits = recorded.flatMap((one) =>
      fitsOutcome(one.outcome) ? [] : [`${one.name}: ${ajv.errorsText(fitsOutcome.errors)}`],
    );
    expect(misfits).toEqual([]);
  });

  it.each<[string, object]>([
    ['another word as outcome', { outcome: 'gone' }],
    ['no reachability', { reachability: undefined }],
    ['an attempt without a number', { attempts: [{}] }],
    ['text as a code', { sipResponseCode: '486' }],
  ])('%s: does not fit', (_, fields) => {
    expect(fitsOutcome(outcome('call-1'))).toBe(true);
    expect(fitsOutcome(JSON.parse(JSON.stringify({ ...outcome('call-1'), ...fields })))).toBe(false);
  });
});
