import { describe, expect, it } from 'vitest';
import type { PartialCallRequest } from '../../activities/validation/mergeRow.js';
import { mergeRow } from '../../activities/validation/mergeRow.js';

const to = '+15005550001';

describe('merging a row over the defaults of its batch', () => {
  it.each<[string, PartialCallRequest, PartialCallRequest, object]>([
    [
      'says nothing: the defaults',
      { twiml: '<R/>', lookup: 'off' },
      { to },
      { to, twiml: '<R/>', lookup: 'off' },
    ],
    ['says the same field: the row', { lookup: 'off' }, { to, lookup: 'basic' }, { to, lookup: 'basic' }],
    [
      'the row has another kind of content: only that',
      { twiml: '<R/>' },
      { to, url: 'https://example.com' },
      { to, url: 'https://example.com' },
    ],
    [
      'has metadata: each name by itself',
      { metadata: { a: '1', b: '2' } },
      { to, metadata: { b: '3' } },
      { to, metadata: { a: '1', b: '3' } },
    ],
    [
      "has Twilio's parameters: each name by itself",
      { twilio: { Record: true, CallReason: 'A' } },
      { to, twilio: { CallReason: 'B' } },
      { to, twilio: { Record: true, CallReason: 'B' } },
    ],
    [
      'is in another time zone: the hours stay',
      { callingWindow: { timeZone: 'Europe/Berlin', start: '08:00', end: '20:00' } },
      { to, callingWindow: { timeZone: 'Asia/Tokyo' } as never },
      { to, callingWindow: { timeZone: 'Asia/Tokyo', start: '08:00', end: '20:00' } },
    ],
    [
      'has metadata that is none: as it is, for the check',
      { metadata: { a: '1' } },
      { to, metadata: 'x' as never },
      { to, metadata: 'x' },
    ],
  ])('%s', (_, defaults, own, merged) => {
    const before = JSON.stringify([defaults, own]);
    expect(mergeRow(defaults, own)).toEqual(merged);
    expect(JSON.stringify([defaults, own])).toBe(before);
  });
});
