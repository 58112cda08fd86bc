import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { useCallBench } from '../support/useCallBench.js';
import { type Answer, problem, publicUrl, useApi } from './useApi.js';

const context = useCallBench();
const api = useApi(context);

const defaults = { twiml: '<Response/>', lookup: 'off' };
const withDefaults = { paused: 'true', defaults: JSON.stringify(defaults) };

function postCsv(
  body: string | Uint8Array,
  query: Record<string, string> = withDefaults,
  headers: Record<string, string> = {},
): Promise<Answer> {
  return api.send({
    method: 'POST',
    path: `/batches?${new URLSearchParams(query)}`,
    headers: { 'Content-Type': 'text/csv', ...headers },
    body,
  });
}

const rowsOf = async (batchId: string) => (await api.get(`/batches/${batchId}/results`)).json.results;

/** There is no batch of that name, and nothing was dialed. */
async function nothingStored(name: string): Promise<void> {
  const { batches } = (await api.get('/batches?limit=200')).json;
  expect(batches.map((batch: { name: string }) => batch.name)).not.toContain(name);
  expect(context.twilio.creates).toEqual([]);
}

describe('POST /batches with CSV', () => {
  const to = ['+15005550001', '+15005550002'] as const;

  it.each<[string, string | Uint8Array, object[]]>([
    ['as everybody writes it', `to\n${to[0]}\n${to[1]}\n`, [{ to: to[0] }, { to: to[1] }]],
    ['without a last line end', `to\n${to[0]}`, [{ to: to[0] }]],
    ['lines end as on Windows', `to,url\r\n${to[0]},\r\n${to[1]},\r\n`, [{ to: to[0] }, { to: to[1] }]],
    ['with a byte order mark', `\uFEFFto\n${to[0]}\n`, [{ to: to[0] }]],
    ['empty lines, and rows of empty cells', `to,from\n\n${to[0]},\n,\n\n`, [{ to: to[0] }]],
    ['blanks around cells', ` to , metadata.a \n ${to[0]} , x y \n`, [{ to: to[0], metadata: { a: 'x y' } }]],
    [
      'quoted cells, with commas, quotes and line ends inside',
      `to,twiml,metadata.note\n${to[0]},"<Response><Say voice=""alice"">a, b</Say></Response>","one\ntwo"\n`,
      [{ to: to[0], metadata: { note: 'one\ntwo' } }],
    ],
    [
      'metadata with strange names',
      `to,metadata.a.b,metadata.ä,metadata.constructor\n${to[0]},1,2,3\n`,
      [{ metadata: { 'a.b': '1', ä: '2', constructor: '3' } }],
    ],
    [
      'every kind of column',
      `to,from,ringTimeoutSeconds,retry,callingWindow.start,callingWindow.end,callingWindow.days,notBefore\n${to[0]},${to[1]},20,"{""maxAttempts"":2}",08:00,20:00,1 2 3,2099-01-01T00:00:00Z\n`,
      [{ to: to[0] }],
    ],
  ])('%s: accepted', async (_, csv, rows) => {
    const answer = await postCsv(csv);
    expect(answer).toMatchObject({ status: 202, json: { total: rows.length } });
    expect(answer.headers.location).toBe(`${publicUrl}/batches/${answer.json.batchId}`);
    expect(await rowsOf(answer.json.batchId)).toMatchObject(rows);
  });

  it('delimiter is a semicolon or a tab: the cells are read', async () => {
    const semicolons = await postCsv(`to;metadata.a\n${to[0]};x\n`, { ...withDefaults, delimiter: ';' });
    const tabs = await postCsv(`to\tmetadata.a\n${to[0]}\tx\n`, { ...withDefaults, delimiter: 'tab' });
    for (const answer of [semicolons, tabs])
      expect(await rowsOf(answer.json.batchId)).toMatchObject([{ to: to[0], metadata: { a: 'x' } }]);
  });

  it.each<[string, string | Uint8Array, object[]]>([
    [
      'a bad number in the middle',
      `to\n${to[0]}\n15005550002\n${to[1]}\n`,
      [{ row: 2, line: 3, column: 'to', message: expect.stringContaining('"15005550002"') }],
    ],
    ['no number in a row', `to,metadata.a\n,x\n`, [{ row: 1, line: 2, column: 'to' }]],
    [
      'several faults in several rows',
      `to,ringTimeoutSeconds,lookup\n${to[0]},many,basic\nx,5,deep\n`,
      [
        { row: 1, column: 'ringTimeoutSeconds', message: expect.stringContaining('"many"') },
        { row: 2, column: 'to' },
        { row: 2, column: 'lookup' },
      ],
    ],
    [
      'two things to hear',
      `to,twiml,url\n${to[0]},<Response/>,https://example.com\n`,
      [{ row: 1, column: null, path: '' }],
    ],
    ['an unknown column', `to,form\n${to[0]},x\n`, [{ row: 0, line: 1, column: 'form' }]],
    ['a column twice', `to,from,from\n${to[0]},,\n`, [{ row: 0, column: 'from', message: 'comes twice' }]],
    ['a column without a name', `to,\n${to[0]},x\n`, [{ row: 0, column: 'column 2' }]],
    ['no column for the number', `number\n${to[0]}\n`, [{ column: 'number' }, { column: 'to' }]],
    [
      'too many cells',
      `to,from\n${to[0]},,x\n`,
      [{ row: 1, message: 'has 3 cells; must have 2, as the first line' }],
    ],
    ['a quote that is never closed', `to,twiml\n${to[0]},"<Response/>\n`, [{ row: 1, column: null }]],
    ['a quote in the middle of a cell', `to,twiml\n${to[0]},<Say voice="a"/>\n`, [{ row: 1, line: 2 }]],
    ['a row without an end', `to,twiml\n${to[0]},"${'x'.repeat(70_000)}`, [{ row: 1 }]],
    [
      'a time that has passed',
      `to,giveUpAt\n${to[0]},2020-01-01T00:00:00Z\n`,
      [{ row: 1, column: 'giveUpAt' }],
    ],
    ['nothing', '', [{ row: 0, line: 1 }]],
    ['only the names of the columns', 'to\n', [{ row: 0, message: expect.stringContaining('no call') }]],
    [
      'metadata called __proto__',
      `to,metadata.__proto__\n${to[0]},x\n`,
      [{ row: 1, column: 'metadata.__proto__' }],
    ],
  ])('%s: 422 names row and column, nothing is stored or dialed', async (_, csv, faults) => {
    const name = randomUUID();
    const answer = await postCsv(csv, { ...withDefaults, name });
    expect(answer).toMatchObject({ status: 422, json: { ...problem('invalid-request', 422), faults } });
    await nothingStored(name);
  });

  it('a number in two rows: accepted, or a fault with unique=to', async () => {
    const csv = `to\n${to[0]}\n${to[1]}\n${to[0]}\n`;
    expect((await postCsv(csv)).status).toBe(202);
    expect((await postCsv(csv, { ...withDefaults, unique: 'to' })).json.faults).toEqual([
      { row: 3, line: 4, column: 'to', path: 'to', message: 'is already the number of row 1' },
    ]);
  });

  it('thousands of faults: the first hundred are named, all are counted', async () => {
    const answer = await postCsv(`to\n${'x\n'.repeat(3000)}`);
    expect(answer.json).toMatchObject({ totalFaults: 3000, detail: expect.stringContaining('3000 faults') });
    expect(answer.json.faults).toHaveLength(100);
  });

  it.each<[string, Record<string, string>, string]>([
    ['a window of nothing', { window: '0' }, 'window'],
    ['a window that is no number', { window: 'wide' }, 'window'],
    ['defaults that are no object', { defaults: '[]' }, 'defaults'],
    ['defaults that are no JSON', { defaults: '{' }, 'defaults'],
    ['defaults with a misspelt field', { defaults: '{"twimml":"<Response/>"}' }, 'defaults.twimml'],
    ['defaults with a wrong value', { defaults: '{"lookup":"deep"}' }, 'defaults.lookup'],
    ['a number for all', { defaults: `{"to":"${to[0]}"}` }, 'defaults.to'],
    ['an unknown parameter', { wndow: '1' }, 'wndow'],
    ['an unknown delimiter', { delimiter: ':' }, 'delimiter'],
    ['a long name', { name: 'x'.repeat(201) }, 'name'],
  ])('%s: 422 before any row is checked', async (_, query, path) => {
    const answer = await postCsv('to\n', query);
    expect(answer).toMatchObject({ status: 422, json: problem('invalid-request', 422) });
    expect(answer.json.faults.map((fault: { path: string }) => fault.path)).toContain(path);
  });

  it('body is in no known encoding: 400 names the line, nothing is stored', async () => {
    const name = randomUUID();
    const answer = await postCsv(
      Uint8Array.of(...Buffer.from('to,metadata.a\n'), ...Buffer.from(to[0]), 0x2c, 0x81),
      { ...withDefaults, name },
    );
    expect(answer).toMatchObject({
      status: 400,
      json: { ...problem('bad-request', 400), detail: expect.stringContaining('in line 2') },
    });
    await nothingStored(name);
  });

  it('twenty thousand rows without Content-Length: accepted', async () => {
    const lines = Array.from({ length: 20_000 }, (_, nth) => `+1500${String(nth).padStart(7, '0')},${nth}`);
    const answer = await api.send({
      method: 'POST',
      path: `/batches?${new URLSearchParams(withDefaults)}`,
      headers: { 'Content-Type': 'text/csv; charset=utf-8' },
      body: `to,metadata.nth\n${lines.join('\n')}`,
      chunked: true,
    });
    expect(answer).toMatchObject({ status: 202, json: { total: 20_000 } });
    const { text, headers } = await api.get(`/batches/${answer.json.batchId}/results.csv`);
    expect(headers['content-type']).toMatch(/^text\/csv/);
    const rows = text.trimEnd().split('\r\n');
    expect(rows).toHaveLength(20_001);
    expect(rows.at(-1)).toMatch(/^20000,batch-.*-20000,\+15000019999,waiting,.*,19999$/);
  }, 60_000);
});

describe('POST /batches with JSON', () => {
  it('defaults and calls: fields of a call take precedence', async () => {
    const answer = await api.post('/batches', {
      name: 'Monday',
      window: 5,
      paused: true,
      defaults: { ...defaults, metadata: { shop: 'a', order: '0' } },
      calls: [
        { to: context.to, metadata: { order: '1' } },
        { to: context.to, url: 'https://example.com/twiml' },
      ],
    });
    expect(answer).toMatchObject({ status: 202, json: { total: 2 } });
    expect((await api.get(`/batches/${answer.json.batchId}`)).json).toMatchObject({
      name: 'Monday',
      window: 5,
      counts: { total: 2, waiting: 2 },
    });
    expect(await rowsOf(answer.json.batchId)).toMatchObject([
      { row: 1, metadata: { shop: 'a', order: '1' } },
      { row: 2, metadata: { shop: 'a', order: '0' } },
    ]);
  });

  it.each<[string, object, object]>([
    ['a call that is none', { calls: [{ to: '+15005550001' }, 'x'] }, { row: 2, path: '' }],
    ['no calls', { calls: [] }, { path: 'calls' }],
    ['calls are missing', {}, { path: 'calls' }],
    ['an unknown field', { calls: [{ to: '+15005550001' }], clls: 1 }, { path: 'clls' }],
    [
      'a fault in the second call',
      { defaults, calls: [{ to: '+15005550001' }, { to: '+15005550001', frm: 'x' }] },
      { row: 2, column: 'frm' },
    ],
  ])('%s: 422', async (_, body, fault) => {
    const answer = await api.post('/batches', body);
    expect(answer).toMatchObject({ status: 422, json: { faults: [fault] } });
  });

  it.each<[string, number, string, Record<string, string>, string]>([
    ['not JSON', 400, 'not-json', { 'Content-Type': 'application/json' }, '{'],
    ['another type', 415, 'unsupported-media-type', { 'Content-Type': 'text/plain' }, 'to\n'],
    ['no type', 415, 'unsupported-media-type', {}, 'to\n'],
    [
      'compressed',
      415,
      'unsupported-media-type',
      { 'Content-Type': 'text/csv', 'Content-Encoding': 'gzip' },
      'to\n',
    ],
    ['a bad key', 422, 'invalid-request', { 'Content-Type': 'text/csv', 'Idempotency-Key': '' }, 'to\n'],
  ])('%s: %i', async (_, status, name, headers, body) => {
    const answer = await api.send({ method: 'POST', path: '/batches', headers, body });
    expect(answer).toMatchObject({ status, json: problem(name, status) });
  });

  it('body over the limit without Content-Length: 413', async () => {
    const answer = await api.send({
      method: 'POST',
      path: '/batches',
      headers: { 'Content-Type': 'application/json' },
      body: ' '.repeat(17 * 1024 * 1024),
      chunked: true,
    });
    expect(answer).toMatchObject({ status: 413, json: problem('too-large', 413) });
  });
});

describe('Idempotency-Key of a batch', () => {
  const csv = 'to\n+15005550001\n';

  it('same key five times at once: one batch', async () => {
    const key = { 'Idempotency-Key': randomUUID() };
    const answers = await Promise.all(Array.from({ length: 5 }, () => postCsv(csv, withDefaults, key)));
    expect(new Set(answers.map(({ json }) => json.batchId)).size).toBe(1);
    expect(answers.map(({ status }) => String(status)).sort()).toEqual(['200', '200', '200', '200', '202']);
  });

  it('same key with other rows or parameters: 409, the first batch stays', async () => {
    const key = { 'Idempotency-Key': randomUUID() };
    const first = await postCsv(csv, withDefaults, key);
    const { batchId } = first.json;
    const others = [
      await postCsv('to\n+15005550002\n', withDefaults, key),
      await postCsv(csv, { ...withDefaults, window: '3' }, key),
      await api.post('/batches', { defaults, paused: true, calls: [{ to: '+15005550001' }] }, key),
    ];
    for (const answer of others)
      expect(answer).toMatchObject({ status: 409, json: { ...problem('key-reused', 409), batchId } });
    expect(await rowsOf(batchId)).toMatchObject([{ to: '+15005550001' }]);
  });

  it('same key first with a fault, then without: accepted', async () => {
    const key = { 'Idempotency-Key': randomUUID() };
    expect((await postCsv('to\nx\n', withDefaults, key)).status).toBe(422);
    expect((await postCsv(csv, withDefaults, key)).status).toBe(202);
  });
});
