import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, expect, inject, it } from 'vitest';
import { openDatabase } from '../../activities/store/openStore.js';
import { ImportTooLarge, readDoNotCallCsv } from '../../src/api/do-not-call/doNotCallCsv.js';
import { head, raw } from '../security/rawHttp.js';
import { useCallBench } from '../support/useCallBench.js';
import { problem, type Sent, useApi } from './useApi.js';

const context = useCallBench();
const api = useApi(context);

const soon = '2099-01-01T00:00:00Z';
const asStored = '2099-01-01T00:00:00.000000Z';
const invalid = (...faults: object[]) => ({
  status: 422,
  json: { ...problem('invalid-request', 422), faults: faults.map((fault) => expect.objectContaining(fault)) },
});
const notListed = { status: 404, json: problem('not-listed', 404) };

const remove = (number: string) => api.send({ path: `/do-not-call/${number}`, method: 'DELETE' });
const importCsv = (body: string | Uint8Array, more: Partial<Sent> = {}) =>
  api.send({ path: '/do-not-call', method: 'POST', headers: { 'Content-Type': 'text/csv' }, body, ...more });

describe('POST /do-not-call', () => {
  it('only the number: listed without end, found with + and with %2B', async () => {
    const added = await api.post('/do-not-call', { to: context.to });
    expect(added).toMatchObject({
      status: 200,
      json: { to: context.to, reason: '', source: 'api', expiresAt: null, expired: false },
    });
    for (const written of [context.to, encodeURIComponent(context.to)])
      expect((await api.get(`/do-not-call/${written}`)).json).toEqual(added.json);
  });

  it('number with reason and expiresAt: both are kept', async () => {
    const added = await api.post('/do-not-call', { to: context.to, reason: 'says “no” ☎', expiresAt: soon });
    expect(added.json).toMatchObject({ reason: 'says “no” ☎', expiresAt: asStored });
  });

  it('number is listed without end: an earlier end changes nothing', async () => {
    await api.post('/do-not-call', { to: context.to, reason: 'for good' });
    const again = await api.post('/do-not-call', { to: context.to, reason: 'a while', expiresAt: soon });
    expect(again).toMatchObject({ status: 200, json: { reason: 'for good', expiresAt: null } });
  });

  it.each<[string, unknown, object]>([
    ['no number', {}, { path: 'to', message: expect.stringMatching(/^is missing; must be a phone number/) }],
    ['a number with blanks', { to: '+1 500 555' }, { path: 'to' }],
    ['a reason too long', { to: '+15005550006', reason: 'x'.repeat(501) }, { path: 'reason' }],
    ['a reason that is no text', { to: '+15005550006', reason: 7 }, { path: 'reason' }],
    [
      'an end in the past',
      { to: '+15005550006', expiresAt: '2020-01-01T00:00:00Z' },
      { path: 'expiresAt', message: expect.stringContaining('which has passed') },
    ],
    ['an end without a zone', { to: '+15005550006', expiresAt: '2099-01-01' }, { path: 'expiresAt' }],
    [
      'a field that is misspelt',
      { to: '+15005550006', expires: soon },
      { path: 'expires', message: 'is unknown; must be one of to, reason, expiresAt' },
    ],
    ['a list', [], { path: '' }],
    ['null', null, { path: '' }],
  ])('%s: 422', async (_, body, fault) => {
    expect(await api.post('/do-not-call', body)).toMatchObject(invalid(fault));
  });

  it('body of another type or compressed: 415', async () => {
    for (const headers of [
      { 'Content-Type': 'text/plain' },
      { 'Content-Type': 'text/csv', 'Content-Encoding': 'gzip' },
      { 'Content-Type': 'text/csvx' },
    ])
      expect((await importCsv('to\n', { headers })).status).toBe(415);
  });

  it('JSON body over the limit: 413', async () => {
    const answer = await api.post('/do-not-call', { to: context.to, reason: 'x'.repeat(70_000) });
    expect(answer.status).toBe(413);
  });
});

describe('DELETE /do-not-call/{number}', () => {
  it('number is listed: 204, and it is off the list', async () => {
    await api.post('/do-not-call', { to: context.to });
    expect(await remove(encodeURIComponent(context.to))).toMatchObject({ status: 204, text: '' });
    expect(await api.get(`/do-not-call/${context.to}`)).toMatchObject(notListed);
    expect(await remove(context.to)).toMatchObject(notListed);
  });

  it('number was removed: the removals tell when, by whom and what the entry was', async () => {
    await api.post('/do-not-call', { to: context.to, reason: 'wants no calls' });
    await remove(context.to);
    await api.post('/do-not-call', { to: context.to, reason: 'wants no calls, again' });
    await remove(context.to);
    const query = new URLSearchParams({ to: context.to, limit: '1' });
    const first = (await api.get(`/do-not-call/removals?${query}`)).json;
    const removal = { to: context.to, removedBy: null, source: 'api' };
    expect(first).toMatchObject({ removals: [{ ...removal, reason: 'wants no calls, again' }] });
    query.set('cursor', first.nextCursor);
    expect((await api.get(`/do-not-call/removals?${query}`)).json).toMatchObject({
      removals: [{ ...removal, reason: 'wants no calls', removedAt: expect.stringMatching(/Z$/) }],
      nextCursor: null,
    });
    expect(await api.get('/do-not-call/removals?cursor=x')).toMatchObject({ status: 422 });
  });

  it.each(['15005550006', '+', 'x', '%2B15005550006%00', '%E0%A4%A', '+1500555000600000', 'purge'])(
    'what is no number (%s): 422',
    async (number) => {
      for (const list of ['do-not-call', 'invalid-numbers'])
        for (const method of ['GET', 'DELETE'])
          expect(await api.send({ path: `/${list}/${number}`, method })).toMatchObject(
            invalid({ path: 'number' }),
          );
    },
  );
});

describe('GET /do-not-call', () => {
  it('filter by reason: in pages', async () => {
    const reason = `a reason of ${context.to}`;
    const numbers = [1, 2, 3].map((nth) => `${context.to}${nth}`);
    for (const to of numbers) await api.post('/do-not-call', { to, reason });
    const first = await api.get(`/do-not-call?${new URLSearchParams({ reason, limit: '2' })}`);
    expect(first.json.entries.map((one: { to: string }) => one.to)).toEqual(numbers.slice(0, 2));
    const { nextCursor: cursor } = first.json;
    const rest = await api.get(`/do-not-call?${new URLSearchParams({ reason, limit: '2', cursor })}`);
    expect(rest.json).toMatchObject({ entries: [{ to: numbers[2] }], nextCursor: null });
    const none = await api.get(`/do-not-call?${new URLSearchParams({ reason, source: 'csv' })}`);
    expect(none.json).toEqual({ entries: [], nextCursor: null });
    const expired = await api.get(`/do-not-call?${new URLSearchParams({ reason, expired: 'true' })}`);
    expect(expired.json.entries).toEqual([]);
    const valid = await api.get(`/do-not-call?${new URLSearchParams({ reason, expired: 'false' })}`);
    expect(valid.json.entries).toHaveLength(3);
  });

  it.each([
    ['limit=0', 'limit'],
    ['limit=1001', 'limit'],
    ['expired=yes', 'expired'],
    ['source=me', 'source'],
    ['cursor=', 'cursor'],
    ['cursor=nonsense', 'cursor'],
    ['number=x', 'number'],
    ['reason=a&reason=b', 'reason'],
  ])('?%s: 422', async (query, path) => {
    expect(await api.get(`/do-not-call?${query}`)).toMatchObject(invalid({ path }));
  });

  it('purge: deletes expired entries', async () => {
    const answer = await api.post('/do-not-call/purge');
    expect(answer).toMatchObject({ status: 200, json: { removed: expect.any(Number) } });
  });
});

describe('CSV import', () => {
  it('columns in any order, quotes, CRLF, BOM and empty rows: everything is imported', async () => {
    const [one, two, three] = [1, 2, 3].map((nth) => `${context.to}${nth}`);
    const file = `\uFEFFreason,to,expires_at\r\n"said ""no"", twice",${one},\r\n\r\n, ${two} ,${soon}\r\n,${three},`;
    const imported = await importCsv(file, { headers: { 'Content-Type': 'text/csv; charset=utf-8' } });
    expect(imported).toMatchObject({ status: 200, json: { rows: 3, added: 3 } });
    const entry = async (number = '') => (await api.get(`/do-not-call/${number}`)).json;
    expect(await entry(one)).toMatchObject({ reason: 'said "no", twice', source: 'csv', expiresAt: null });
    expect(await entry(two)).toMatchObject({ reason: '', expiresAt: asStored });
    expect(await importCsv(file)).toMatchObject({ status: 200, json: { rows: 3, added: 0 } });
  });

  it('only numbers, without Content-Length: everything is imported', async () => {
    const numbers = Array.from({ length: 9_000 }, (_, nth) => `${context.to}${nth}`.slice(0, 16));
    const body = `to\n${numbers.join('\n')}\n`;
    const imported = await importCsv(body, { chunked: true });
    expect(imported).toMatchObject({ status: 200, json: { rows: 9_000 } });
    expect((await api.get(`/do-not-call/${numbers.at(-1)}`)).status).toBe(200);
  });

  it('some faulty rows: each fault names row and column, nothing is imported', async () => {
    const rows = [
      `${context.to},fine,`,
      '0171 2345678,,',
      '',
      `${context.to}1,${'x'.repeat(501)},tomorrow`,
      `${context.to}2,,2020-01-01T00:00:00Z`,
      `${context.to}3,,,x`,
    ];
    const answer = await importCsv(`to,reason,expires_at\n${rows.join('\n')}\n`);
    expect(answer).toMatchObject(
      invalid(
        { path: 'rows.3.to', message: expect.stringMatching(/^is "0171 2345678"; must be a phone number/) },
        { path: 'rows.5.reason' },
        { path: 'rows.5.expires_at', message: expect.stringMatching(/^is "tomorrow"; must be an RFC 3339/) },
        { path: 'rows.6.expires_at' },
        { path: 'rows.7', message: 'has 4 columns; must have 3, like the header' },
      ),
    );
    expect(await api.get(`/do-not-call/${context.to}`)).toMatchObject(notListed);
  });

  it.each([
    ['nothing', '', { path: 'rows.1', message: 'is missing; must be a header: to,reason,expires_at' }],
    ['no header', '+15005550006\n', { path: 'rows.1', message: expect.stringContaining('is unknown') }],
    ['a header without to', 'reason\nx\n', { path: 'rows.1', message: expect.stringContaining('lacks') }],
    ['a column twice', 'to,to\n', { path: 'rows.1', message: 'has the column to more than once' }],
    ['a quote without an end', 'to,reason\n+15005550006,"x\n', { path: 'rows.2' }],
    ['a quote in the middle', 'to,reason\n+15005550006,x"y"\n', { path: 'rows.2' }],
    ['a row without end', `to,reason\n+15005550006,"${'x'.repeat(20_000)}`, { path: 'rows.2' }],
  ])('%s: 422', async (_, body, fault) => {
    const answer = await importCsv(body);
    expect(answer.status).toBe(422);
    expect(answer.json.faults).toContainEqual(expect.objectContaining(fault));
  });

  it('list is in no known encoding: 422 names the line', async () => {
    const answer = await importCsv(Buffer.from('to,reason\n+15005550006,m\x81de\n', 'latin1'));
    expect(answer).toMatchObject(
      invalid({ path: '', message: expect.stringMatching(/in line 2 .*Save it as UTF-8/) }),
    );
  });

  it('many faulty rows: the first faults are named, the rest are counted', async () => {
    const answer = await importCsv(`to\n${'x\n'.repeat(50_000)}`);
    expect(answer.json.faults).toHaveLength(101);
    expect(answer.json.faults[100]).toEqual({ path: '', message: 'has 49900 more faults' });
  });

  it('more than 64 MiB: 413 before the body is read', async () => {
    const { port } = new URL(api.origin);
    const lines = ['Host: localhost', 'Content-Type: text/csv', 'Content-Length: 67108865'];
    const answer = await raw(Number(port), head('POST /do-not-call HTTP/1.1', ...lines));
    expect(answer.status).toBe(413);
    expect(answer.text).toContain('urn:ringtrue:problem:too-large');
  });

  it('more than the limit without Content-Length: reading stops', async () => {
    let sent = 0;
    const endless = new ReadableStream<Uint8Array>({
      pull(controller) {
        sent += 1;
        controller.enqueue(Buffer.from('to\n+15005550006\n'));
      },
    });
    await expect(readDoNotCallCsv(endless, { limitBytes: 1000 })).rejects.toThrow(ImportTooLarge);
    expect(sent).toBeLessThan(100);
  });

  it('connection ends in the middle: nothing is imported', async () => {
    const { port } = new URL(api.origin);
    const lines = ['Host: localhost', 'Content-Type: text/csv', 'Content-Length: 1000'];
    const socket = connect(Number(port), '127.0.0.1');
    socket.write(`${head('POST /do-not-call HTTP/1.1', ...lines)}to\n${context.to}\n`, () => socket.end());
    await once(socket.resume(), 'close');
    expect(await api.get(`/do-not-call/${context.to}`)).toMatchObject(notListed);
  });

  it('faulty header of a long file: answered after the whole file', async () => {
    const body = `number\n${'+15005550006\n'.repeat(100_000)}`;
    expect((await importCsv(body)).status).toBe(422);
  });
});

describe('numbers remembered as invalid', () => {
  const remember = async () => {
    const db = await openDatabase({ databaseUrl: inject('databaseUrl') });
    await db.query(
      `insert into invalid_numbers (to_number, source, code, message, call_id)
       values ($1, 'twilio', '21211', 'no such number', 'call-1')`,
      [context.to],
    );
    await db.close();
  };

  it('invalid number: read with what Twilio said, listed, forgotten', async () => {
    await remember();
    const stored = {
      to: context.to,
      source: 'twilio',
      code: '21211',
      message: 'no such number',
      callId: 'call-1',
    };
    expect(await api.get(`/invalid-numbers/${context.to}`)).toMatchObject({ status: 200, json: stored });
    const cursor = Buffer.from(context.to.slice(0, -1)).toString('base64url');
    const { json } = await api.get(`/invalid-numbers?limit=1&cursor=${cursor}`);
    expect(json.invalidNumbers).toMatchObject([stored]);
    const forget = { path: `/invalid-numbers/${encodeURIComponent(context.to)}`, method: 'DELETE' };
    expect(await api.send(forget)).toMatchObject({ status: 204, text: '' });
    expect(await api.send(forget)).toMatchObject(notListed);
    expect(await api.get(`/invalid-numbers/${context.to}`)).toMatchObject(notListed);
  });

  it.each(['limit=x', 'cursor=nonsense', 'source=twilio'])('?%s: 422', async (query) => {
    expect((await api.get(`/invalid-numbers?${query}`)).status).toBe(422);
  });
});
