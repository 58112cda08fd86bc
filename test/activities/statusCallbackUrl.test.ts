import { describe, expect, it } from 'vitest';
import { callIdOfSegment, callIdSegment } from '../../activities/twilio/callIdSegment.js';
import { isStatusCallbackOf, statusCallbackUrl } from '../../activities/twilio/statusCallbackUrl.js';

const plainIds = ['call-1', 'order_4711', 'v1.2.3', 'a..b', 'A-B', '-', '7'];
const otherIds = [
  '.',
  '..',
  '...',
  '.a',
  'a.',
  'a/b',
  'a//b',
  'a+b',
  'a b',
  'a%2Fb',
  '%',
  "o'hara",
  'Größe',
  '☎️',
  '~a',
  'a\\b',
  'a?b#c&d=e',
  'a;b',
  'id64.',
  'id64.YQ',
  'id64.a/b',
];

describe('the call id in the path of a callback', () => {
  it.each(plainIds)('plain id %s: stays as it is', (callId) => {
    expect(callIdSegment(callId)).toBe(callId);
    expect(callIdOfSegment(callId)).toBe(callId);
  });

  it.each(otherIds)('id %s: only characters that no proxy changes, and back', (callId) => {
    const segment = callIdSegment(callId);
    expect(segment).toMatch(/^id64\.[A-Za-z0-9_-]+$/);
    expect(callIdOfSegment(segment)).toBe(callId);
  });

  it.each(otherIds.filter((id) => !/^id64\.YQ$/.test(id)))('id %s, percent-encoded: read too', (callId) => {
    expect(callIdOfSegment(encodeURIComponent(callId))).toBe(callId);
  });

  it.each([
    ['id64.', 'id64.'],
    ['id64.%2F', 'id64./'],
    ['id64._w', 'id64._w'],
    ['id64.YR', 'id64.YR'],
    ['%ff', null],
    ['%', null],
  ])('%s is not an encoded id: %s', (segment, callId) => {
    expect(callIdOfSegment(segment)).toBe(callId);
  });
});

describe('a URL that Twilio requested', () => {
  const ours = { publicUrl: 'https://calls.example.com/ringtrue', callId: 'team/7', attempt: 2 };
  const base = `${ours.publicUrl}/twilio/status`;
  const url = statusCallbackUrl(ours.publicUrl, ours.callId, ours.attempt);

  it.each([url, url.replace(/#.*/, ''), `${base}/team%2F7/2`, `${base}/team%2f7/2?x=1`])(
    '%s: ours',
    (one) => {
      expect(isStatusCallbackOf(one, ours)).toBe(true);
    },
  );

  it.each([
    `${base}/team%2F7/1`,
    `${base}/team%2F7/22`,
    `${base}/team%2F7/2/3`,
    `${base}/team%2F7`,
    `${base}/team/7/2`,
    `${base}/team%2F8/2`,
    'https://calls.example.com/twilio/status/team%2F7/2',
    'https://other.example.com/ringtrue/twilio/status/team%2F7/2',
    'https://example.com/twiml',
    '',
  ])('%s: not ours', (one) => {
    expect(isStatusCallbackOf(one, ours)).toBe(false);
  });
});
