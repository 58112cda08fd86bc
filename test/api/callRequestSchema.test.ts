import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkCallRequest, type RequestContext } from '../../activities/validation/callRequestSchema.js';
import { faultLine } from '../../activities/validation/fault.js';
import { checkRetryPolicy, completePolicy } from '../../activities/validation/retryPolicySchema.js';

const known: RequestContext = {
  policies: { default: completePolicy({ maxAttempts: 1 }) },
  defaultFrom: null,
};
const valid = { to: '+15005550100', from: '+15005550006', twiml: '<Response/>' };

const datesFrom = (date: string, count: number) =>
  Array.from({ length: count }, (_, later) =>
    new Date(Date.parse(date) + later * 86_400_000).toISOString().slice(0, 10),
  );

function faultsOf(input: unknown, settings = known): string[] {
  const checked = checkCallRequest(input, settings);
  return 'faults' in checked ? checked.faults.map(faultLine) : [];
}

describe('valid request', () => {
  it.each([
    ['the least that is needed', {}],
    ['a URL instead of TwiML', { twiml: undefined, url: 'https://user:pass@example.com/twiml?x=1#rc=2' }],
    ['an application', { twiml: undefined, applicationSid: `AP${'0aF'.repeat(10)}12` }],
    ['the limits of every number', { ringTimeoutSeconds: 5, maxDurationSeconds: 86_400 }],
    ['every choice', { machineDetection: 'detectMessageEnd', lookup: 'lineStatus' }],
    ['a policy by name', { retry: 'default' }],
    ['a window past midnight', { callingWindow: { start: '22:00', end: '06:30', days: [7, 1] } }],
    [
      'a window in a zone',
      { callingWindow: { timeZone: 'America/Argentina/Ushuaia', start: '00:00', end: '23:59' } },
    ],
    [
      'several ranges, blocked dates, a leap day among them',
      {
        callingWindow: {
          ranges: [
            { start: '09:00', end: '12:00', days: [1, 2, 3, 4, 5] },
            { start: '11:00', end: '24:00' },
          ],
          blockedDates: ['2026-12-25', '2028-02-29'],
        },
      },
    ],
    [
      'as many ranges and dates as there may be',
      {
        callingWindow: {
          ranges: Array(50).fill({ start: '00:00', end: '24:00' }),
          blockedDates: datesFrom('2026-01-01', 400),
        },
      },
    ],
    ['an urgent call', { urgent: true }],
    ['a call that is not urgent', { urgent: false }],
    ['times with any offset', { notBefore: '2026-02-28T23:59:59.5-11:00', giveUpAt: '2028-02-29T00:00:00Z' }],
    [
      'a giveUpAt before notBefore: such a call expires',
      { notBefore: '2026-01-02T00:00:00Z', giveUpAt: '2026-01-01T00:00:00Z' },
    ],
    ['an order, and a caller', { priority: 5, fairnessKey: 'tenant 42 / north', allowParallel: true }],
    ['a notify URL', { notifyUrl: 'http://127.0.0.1:9/hook' }],
    ['an eligibility URL', { eligibilityUrl: 'https://crm.example.com/eligible?tenant=7' }],
    ['of what to tell there', { notifyUrl: 'http://127.0.0.1:9/hook', notifyOn: ['attempt.ended'] }],
    ['4096 bytes of metadata', { metadata: { a: 'ü'.repeat(2044) } }],
    ['names that objects have already', { metadata: { constructor: 'x', toString: 'y' } }],
  ])('%s', (_, fields) => {
    const request = JSON.parse(JSON.stringify({ ...valid, ...fields }));
    expect(checkCallRequest(request, known)).toEqual({ request });
  });

  it.each(['url', 'notifyUrl', 'eligibilityUrl'])(
    'characters in %s that cannot be seen: taken out',
    (field) => {
      const { twiml: _, ...others } = valid as Record<string, unknown>;
      const content = field === 'url' ? others : valid;
      const written = { ...content, [field]: '\u200bhttps://crm.example.com\u00ad/voice\u200b' };
      expect(checkCallRequest(written, known)).toMatchObject({
        request: { [field]: 'https://crm.example.com/voice' },
      });
    },
  );

  it('no from, but the server has a default: valid', () => {
    const { from: _, ...request } = valid;
    expect(faultsOf(request, { ...known, defaultFrom: '+15005550006' })).toEqual([]);
  });

  it('retry policy with only maxAttempts: defaults are filled in', () => {
    const checked = checkCallRequest(
      { ...valid, retry: { maxAttempts: 3, intervals: { busy: [60, 0.5] } } },
      known,
    );
    expect(checked).toMatchObject({
      request: {
        retry: {
          maxAttempts: 3,
          retryOn: ['busy', 'no-answer', 'failed'],
          initialIntervalSeconds: 300,
          backoffCoefficient: 1,
          maximumIntervalSeconds: 3600,
          intervals: { busy: [60, 0.5] },
        },
      },
    });
  });

  it.each([
    [{ initialIntervalSeconds: 7200 }, { initialIntervalSeconds: 7200, maximumIntervalSeconds: 7200 }],
    [{ maximumIntervalSeconds: 60 }, { initialIntervalSeconds: 60, maximumIntervalSeconds: 60 }],
  ])(
    'only one of the two intervals is given, %j: the other one never contradicts it',
    (policy, intervals) => {
      expect(completePolicy({ maxAttempts: 2, ...policy })).toMatchObject(intervals);
    },
  );
});

const e164 = 'must be a phone number in E.164: + and 2 to 15 digits, the first not 0, such as +15005550006';
const time = 'must be an RFC 3339 time with seconds and offset, such as 2026-01-31T09:00:00Z';
const seconds = 'must be a number of seconds, 0..31622400';
const classes =
  'must be one of busy, no-answer, failed, rejected, unknown, answered-by-machine, unreachable, sip:CODE such as sip:480, error:CODE such as error:32005';

describe('invalid request: each fault says what is wrong, with which value, and what would be right', () => {
  it.each<[Record<string, unknown>, string]>([
    [{ priority: 6 }, 'priority is 6; must be an integer 1..5 (1 is dialed first)'],
    [{ fairnessKey: '' }, 'fairnessKey is ""; must be text of 1..64 printable ASCII characters'],
    [{ fairnessKey: 'ü' }, 'fairnessKey is "ü"; must be text of 1..64 printable ASCII characters'],
    [{ allowParallel: 'yes' }, 'allowParallel is "yes"; must be true or false'],
    [{ to: undefined }, `to is missing; ${e164}`],
    [{ to: '005005550100' }, `to is "005005550100"; ${e164}`],
    [{ to: '+1 500 555 0100' }, `to is "+1 500 555 0100"; ${e164}`],
    [{ to: '+15005550100\n' }, `to is "+15005550100\\n"; ${e164}`],
    [{ to: 15005550100 }, `to is 15005550100; ${e164}`],
    [{ from: null }, `from is null; ${e164}`],
    [
      { from: undefined },
      'from is missing, and the server has no default caller ID; must be a phone number in E.164',
    ],
    [{ from: '+15005550100' }, 'from is "+15005550100", the destination itself; must be another number'],
    [
      { twiml: undefined },
      'the request names none of what the callee may hear; exactly one of twiml, url and applicationSid is needed',
    ],
    [
      { url: 'https://example.com' },
      'the request names twiml and url of what the callee may hear; exactly one of twiml, url and applicationSid is needed',
    ],
    [{ twiml: '' }, 'twiml is ""; must be TwiML of 1..4000 characters'],
    [{ twiml: 'x'.repeat(4001) }, `twiml is "${'x'.repeat(77)}…"; must be TwiML of 1..4000 characters`],
    [{ twiml: 'a\ud800' }, 'twiml is "a\\ud800"; must be TwiML without NUL and half surrogate pairs'],
    [
      { twiml: undefined, url: '/twiml' },
      'url is "/twiml"; must be an absolute http(s) URL that answers with TwiML',
    ],
    [
      { twiml: undefined, url: 'ftp://x' },
      'url is "ftp://x"; must be an absolute http(s) URL that answers with TwiML',
    ],
    [
      { twiml: undefined, url: 'http:x' },
      'url is "http:x"; must be an absolute http(s) URL that answers with TwiML',
    ],
    [
      { twiml: undefined, applicationSid: 'AP12' },
      'applicationSid is "AP12"; must be the SID of a TwiML application, AP and 32 hex digits',
    ],
    [{ ringTimeoutSeconds: 4 }, 'ringTimeoutSeconds is 4; must be an integer 5..600 seconds'],
    [{ ringTimeoutSeconds: 30.5 }, 'ringTimeoutSeconds is 30.5; must be an integer 5..600 seconds'],
    [{ ringTimeoutSeconds: '30' }, 'ringTimeoutSeconds is "30"; must be an integer 5..600 seconds'],
    [{ maxDurationSeconds: 86_401 }, 'maxDurationSeconds is 86401; must be an integer 1..86400 seconds'],
    [{ machineDetection: 'on' }, 'machineDetection is "on"; must be one of off, enable, detectMessageEnd'],
    [{ lookup: true }, 'lookup is true; must be one of off, basic, lineType, lineStatus'],
    [
      { retry: 'constructor' },
      'retry is "constructor", but no retry policy has that name; must be one of default, or a policy of its own',
    ],
    [{ retry: 3 }, 'retry is 3; must be the name of a retry policy, or a retry policy'],
    [{ retry: {} }, 'retry.maxAttempts is missing; must be an integer 1..100, the first attempt included'],
    [
      { retry: { maxAttempts: 101 } },
      'retry.maxAttempts is 101; must be an integer 1..100, the first attempt included',
    ],
    [{ retry: { maxAttempts: 2, retryOn: ['answered'] } }, `retry.retryOn.0 is "answered"; ${classes}`],
    [
      { retry: { maxAttempts: 2, initialIntervalSeconds: -1 } },
      `retry.initialIntervalSeconds is -1; ${seconds}`,
    ],
    [
      { retry: { maxAttempts: 2, backoffCoefficient: 0.5 } },
      'retry.backoffCoefficient is 0.5; must be a number 1..100',
    ],
    [
      { retry: { maxAttempts: 2, initialIntervalSeconds: 60, maximumIntervalSeconds: 30 } },
      'retry.maximumIntervalSeconds is 30, below initialIntervalSeconds (60); must not be below it',
    ],
    [
      { retry: { maxAttempts: 2, intervals: { busy: [] } } },
      'retry.intervals.busy is a list of 0; must be a list of one or more waits in seconds',
    ],
    [
      { retry: { maxAttempts: 2, intervals: { busy: ['1m'] } } },
      `retry.intervals.busy.0 is "1m"; ${seconds}`,
    ],
    [
      { retry: { maxAttempts: 2, intervals: { answered: [1] } } },
      `retry.intervals.answered is unknown; ${classes}`,
    ],
    [
      { callingWindow: { end: '21:00' } },
      'callingWindow.start is missing; must be a local time HH:MM, 00:00..23:59',
    ],
    [
      { callingWindow: { start: '8:00', end: '21:00' } },
      'callingWindow.start is "8:00"; must be a local time HH:MM, 00:00..23:59',
    ],
    [
      { callingWindow: { start: '08:00', end: '24:01' } },
      'callingWindow.end is "24:01"; must be a local time HH:MM, 00:00..24:00',
    ],
    [
      { callingWindow: { start: '24:00', end: '08:00' } },
      'callingWindow.start is "24:00"; must be a local time HH:MM, 00:00..23:59',
    ],
    [
      { callingWindow: { start: '08:00' } },
      'callingWindow.end is missing; must be a local time HH:MM, 00:00..24:00',
    ],
    [
      { callingWindow: '08:00-21:00' },
      'callingWindow is "08:00-21:00"; must be an object with start and end, or with ranges',
    ],
    [
      { callingWindow: { ranges: [] } },
      'callingWindow.ranges is a list of 0; must be a list of 1..50 ranges, each with start and end',
    ],
    [
      { callingWindow: { ranges: Array(51).fill({ start: '08:00', end: '21:00' }) } },
      'callingWindow.ranges is a list of 51; must be a list of 1..50 ranges, each with start and end',
    ],
    [
      { callingWindow: { ranges: { start: '08:00', end: '21:00' } } },
      'callingWindow.ranges is an object; must be a list of 1..50 ranges, each with start and end',
    ],
    [
      { callingWindow: { ranges: ['08:00-21:00'] } },
      'callingWindow.ranges.0 is "08:00-21:00"; must be an object with start and end',
    ],
    [
      { callingWindow: { ranges: [{ start: '08:00', end: '21:00' }, { start: '22:00' }] } },
      'callingWindow.ranges.1.end is missing; must be a local time HH:MM, 00:00..24:00',
    ],
    [
      { callingWindow: { ranges: [{ start: '08:00', end: '08:00' }] } },
      'callingWindow.ranges.0.end is "08:00", the same as start; must differ from it',
    ],
    [
      { callingWindow: { ranges: [{ start: '08:00', end: '21:00', days: [8] }] } },
      'callingWindow.ranges.0.days.0 is 8; must be an integer 1..7 (1 is Monday)',
    ],
    [
      { callingWindow: { ranges: [{ start: '08:00', end: '21:00', timeZone: 'Etc/UTC' }] } },
      'callingWindow.ranges.0.timeZone is unknown; must be one of start, end, days',
    ],
    [
      { callingWindow: { start: '08:00', end: '21:00', ranges: [{ start: '08:00', end: '21:00' }] } },
      'callingWindow.ranges is given beside start and end; a window has either start and end, or ranges that have their own',
    ],
    [
      { callingWindow: { days: [1], ranges: [{ start: '08:00', end: '21:00' }] } },
      'callingWindow.ranges is given beside days; a window has either start and end, or ranges that have their own',
    ],
    [
      { callingWindow: { start: '08:00', end: '21:00', blockedDates: ['2026-02-29'] } },
      'callingWindow.blockedDates.0 is "2026-02-29"; must be a date of the calendar, YYYY-MM-DD, such as 2026-12-25',
    ],
    [
      { callingWindow: { start: '08:00', end: '21:00', blockedDates: ['2026-12-25T00:00:00Z'] } },
      'callingWindow.blockedDates.0 is "2026-12-25T00:00:00Z"; must be a date of the calendar, YYYY-MM-DD, such as 2026-12-25',
    ],
    [
      { callingWindow: { start: '08:00', end: '21:00', blockedDates: ['2026-12-25', '2026-12-25'] } },
      'callingWindow.blockedDates is a list of 2; must be a list that names each date once',
    ],
    [
      { callingWindow: { start: '08:00', end: '21:00', blockedDates: datesFrom('2026-01-01', 401) } },
      'callingWindow.blockedDates is a list of 401; must be a list of at most 400 dates',
    ],
    [{ urgent: 'yes' }, 'urgent is "yes"; must be true or false'],
    [
      { callingWindow: { start: '08:00', end: '08:00' } },
      'callingWindow.end is "08:00", the same as start; must differ from it',
    ],
    [
      { callingWindow: { start: '08:00', end: '21:00', days: [] } },
      'callingWindow.days is a list of 0; must be a list of at least one day 1..7; leave it out for every day',
    ],
    [
      { callingWindow: { start: '08:00', end: '21:00', days: [0] } },
      'callingWindow.days.0 is 0; must be an integer 1..7 (1 is Monday)',
    ],
    [
      { callingWindow: { start: '08:00', end: '21:00', days: [1, 1] } },
      'callingWindow.days is a list of 2; must be a list that names each day once',
    ],
    [
      { callingWindow: { start: '08:00', end: '21:00', timeZone: 'Mars/Base' } },
      'callingWindow.timeZone is "Mars/Base"; must be an IANA time zone, such as Europe/Berlin',
    ],
    [
      { callingWindow: { start: '08:00', end: '21:00', timeZone: '+01:00' } },
      'callingWindow.timeZone is "+01:00"; must be an IANA time zone, such as Europe/Berlin',
    ],
    [{ notBefore: '2026-02-29T00:00:00Z' }, `notBefore is "2026-02-29T00:00:00Z"; ${time}`],
    [{ notBefore: '2026-01-31T09:00:00' }, `notBefore is "2026-01-31T09:00:00"; ${time}`],
    [{ notBefore: '2040-01-31T09:00Z' }, `notBefore is "2040-01-31T09:00Z"; ${time}`],
    [{ notBefore: '2040-01-31 09:00:00+00' }, `notBefore is "2040-01-31 09:00:00+00"; ${time}`],
    [{ giveUpAt: '2026-01-31' }, `giveUpAt is "2026-01-31"; ${time}`],
    [{ giveUpAt: 1764000000 }, `giveUpAt is 1764000000; ${time}`],
    [{ notifyUrl: 'example.com' }, 'notifyUrl is "example.com"; must be an absolute http(s) URL'],
    [
      { notifyUrl: 'https://a:b@example.com' },
      'notifyUrl is "https://a:b@example.com"; must be a URL without user name and password',
    ],
    [
      { eligibilityUrl: 'https://a:b@example.com' },
      'eligibilityUrl is "https://a:b@example.com"; must be a URL without user name and password',
    ],
    [
      { notifyUrl: 'https://example.com', notifyOn: ['call.begun'] },
      'notifyOn.0 is "call.begun"; must be one of call.ended, attempt.ended',
    ],
    [
      { notifyUrl: 'https://example.com', notifyOn: [] },
      'notifyOn is a list of 0; must be a list of at least one event; leave out notifyUrl to get no notifications',
    ],
    [
      { notifyUrl: 'https://example.com', notifyOn: ['call.ended', 'call.ended'] },
      'notifyOn is a list of 2; must be a list that names each event once',
    ],
    [{ notifyOn: ['call.ended'] }, 'notifyOn needs a notifyUrl to post to; must come with one'],
    [{ metadata: { order: 4711 } }, 'metadata.order is 4711; must be a string'],
    [{ metadata: ['a'] }, 'metadata is a list of 1; must be an object of strings'],
    [{ metadata: { a: 'ü'.repeat(2045) } }, 'metadata takes 4098 bytes as JSON; must take at most 4096'],
    [
      { metadata: { a: 'x\0' } },
      'metadata.a holds NUL or half a surrogate pair; must be text that can be stored',
    ],
    [
      { metadata: JSON.parse('{"__proto__":"x"}') },
      'metadata.__proto__ cannot be given back; must have another name',
    ],
    [
      { frm: '+15005550006' },
      'frm is unknown; must be one of to, from, account, twiml, url, applicationSid, ringTimeoutSeconds, maxDurationSeconds, machineDetection, lookup, retry, callingWindow, urgent, notBefore, giveUpAt, priority, fairnessKey, allowParallel, notifyUrl, notifyOn, eligibilityUrl, metadata, twilio',
    ],
  ])('%j: %s', (fields, fault) => {
    const request = Object.fromEntries(
      Object.entries({ ...valid, ...fields }).filter(([, value]) => value !== undefined),
    );
    expect(faultsOf(request)).toEqual([fault]);
  });

  it.each([[null], [[]], ['+15005550100'], [7], [undefined]])(
    '%j is no request at all: said in one fault',
    (input) => {
      expect(faultsOf(input)).toEqual([
        expect.stringMatching(/^the request is .*; must be a call request, a JSON object$/),
      ]);
    },
  );

  it('every field is wrong: all faults are named at once', () => {
    const request = {
      to: 1,
      from: 'x',
      twiml: '',
      url: 'x',
      applicationSid: 'x',
      ringTimeoutSeconds: 0,
      maxDurationSeconds: 0,
      machineDetection: 'x',
      lookup: 'x',
      retry: 'x',
      callingWindow: {},
      urgent: 'x',
      notBefore: 'x',
      giveUpAt: 'x',
      notifyUrl: 'x',
      eligibilityUrl: 'x',
      notifyOn: 'x',
      metadata: 1,
      unknown: 1,
    };
    const checked = checkCallRequest(request, known);
    const paths = 'faults' in checked ? new Set(checked.faults.map(({ path }) => path)) : new Set();
    expect(paths).toEqual(
      new Set(
        [...Object.keys(request), 'callingWindow.start', 'callingWindow.end', ''].filter(
          (p) => p !== 'callingWindow',
        ),
      ),
    );
  });

  it('thousands of faults: the first hundred are named, the rest are counted', () => {
    const request = { ...valid, ...Object.fromEntries(Array.from({ length: 5000 }, (_, i) => [`f${i}`, i])) };
    const faults = faultsOf(request);
    expect(faults).toHaveLength(101);
    expect(faults.at(-1)).toBe('the request has 4900 more faults');
  });
});

describe('any input', () => {
  it('random input: the check never throws, and valid requests can be stored as JSON', () => {
    const field = fc.oneof(
      fc.anything({ withBigInt: true, withNullPrototype: true, withSparseArray: true }),
      fc.string({ unit: 'binary' }),
    );
    const request = fc.record(
      Object.fromEntries(
        [
          ...Object.keys(valid),
          'retry',
          'callingWindow',
          'metadata',
          'notifyUrl',
          'eligibilityUrl',
          'giveUpAt',
          '__proto__',
        ].map((name) => [name, field]),
      ),
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(
        fc.oneof(
          field,
          request,
          request.map((fields) => ({ ...valid, ...fields })),
        ),
        (input) => {
          const checked = checkCallRequest(input, known);
          if ('faults' in checked) expect(checked.faults.length).toBeGreaterThan(0);
          else expect(JSON.parse(JSON.stringify(checked.request))).toEqual(checked.request);
        },
      ),
      { numRuns: 1000 },
    );
  });

  it('completed policy: valid, and completing it again changes nothing', () => {
    const wait = fc.double({ min: 0, max: 1e6, noNaN: true });
    const policy = fc.record(
      {
        maxAttempts: fc.integer({ min: 1, max: 100 }),
        initialIntervalSeconds: wait,
        maximumIntervalSeconds: wait,
      },
      { requiredKeys: ['maxAttempts'] },
    );
    fc.assert(
      fc.property(policy, (request) => {
        const checked = checkRetryPolicy(request);
        if ('policy' in checked) expect(checkRetryPolicy(checked.policy)).toEqual(checked);
        else expect(request.maximumIntervalSeconds).toBeLessThan(request.initialIntervalSeconds ?? 0);
      }),
    );
  });
});
