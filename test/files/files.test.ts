import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { csvRows } from '../../src/api/batches/csvRows.js';
import { useApi } from '../api/useApi.js';
import { useCallBench } from '../support/useCallBench.js';

const context = useCallBench();
const api = useApi(context);

const file = (name: string) => readFileSync(new URL(`csv/${name}`, import.meta.url));
const paused = { paused: 'true', defaults: JSON.stringify({ twiml: '<Response/>' }) };
const [ann, bob, cy] = ['+15005551200', '+15005552486', '+15005551201'];

function postBatch(body: string | Uint8Array, query: Record<string, string> = {}, type = 'text/csv') {
  const path = `/batches?${new URLSearchParams({ ...paused, ...query })}`;
  return api.send({ method: 'POST', path, headers: { 'Content-Type': type }, body });
}

function importList(body: string | Uint8Array, query: Record<string, string> = {}) {
  const path = `/do-not-call?${new URLSearchParams(query)}`;
  return api.send({ method: 'POST', path, headers: { 'Content-Type': 'text/csv' }, body });
}

async function rowsOf(body: string | Uint8Array, query: Record<string, string> = {}, type = 'text/csv') {
  const answer = await postBatch(body, query, type);
  expect(answer.json).toMatchObject({ total: expect.any(Number) });
  const { results } = (await api.get(`/batches/${answer.json.batchId}/results`)).json;
  return results.map(({ to, metadata }: { to: string; metadata: object }) => ({ to, ...metadata }));
}

const bytes = (text: string, encoding: BufferEncoding, mark: number[] = []) =>
  Buffer.concat([Buffer.from(mark), Buffer.from(text, encoding)]);

describe('batch files as people have them', () => {
  it.each<[string, string | Uint8Array, object[]]>([
    [
      'missing cells at the end of rows',
      file('short-rows.csv'),
      [{ to: ann, note: 'vip' }, { to: bob, name: 'Bob' }, { to: cy }],
    ],
    [
      'empty columns at the end',
      file('empty-columns.csv'),
      [
        { to: ann, name: 'Ann' },
        { to: bob, name: 'Bob' },
      ],
    ],
    ['an empty column in the middle', `to,,metadata.a\n${ann},,x\n`, [{ to: ann, a: 'x' }]],
    ['empty cells beyond the last column', `to,metadata.a\n${ann},x,,\n`, [{ to: ann, a: 'x' }]],
    ['TRUE and FALSE', file('capital-booleans.csv'), [{ to: ann }, { to: bob }]],
    ['column names in capitals', `TO,Metadata.Name\n${ann},x\n`, [{ to: ann, Name: 'x' }]],
    ['marks of direction around a number', file('invisible-lre-pdf.csv'), [{ to: ann }, { to: bob }]],
    ['a zero-width space after a number', file('invisible-zwsp.csv'), [{ to: ann }, { to: bob }]],
    ['invisible characters in a column name', `\u200bto\u00a0,metadata.a\n${ann},x\n`, [{ to: ann, a: 'x' }]],
    ['no-break spaces around a number', `to\n\u00a0${ann}\u00a0\n`, [{ to: ann }]],
    [
      'CRLF and LF in one file',
      file('crlf-head-lf-rows.csv'),
      [{ to: ann, name: 'Ann' }, { to: bob }, { to: cy }],
    ],
    [
      'LF, then CRLF',
      `to,metadata.a\n${ann},x\r\n${bob},y\r\n`,
      [
        { to: ann, a: 'x' },
        { to: bob, a: 'y' },
      ],
    ],
    [
      'CR alone',
      `to,metadata.a\r${ann},x\r${bob},y`,
      [
        { to: ann, a: 'x' },
        { to: bob, a: 'y' },
      ],
    ],
    ['semicolons', file('semicolon.csv'), [{ to: ann, name: 'Ann' }]],
    ['a first line sep=;', file('sep-line.csv'), [{ to: ann, name: 'Ann' }]],
    ['a first line sep=, in quotes', `"sep=,"\nto,metadata.a\n${ann},x;y\n`, [{ to: ann, a: 'x;y' }]],
    ['an empty line, then semicolons', `\r\nto;metadata.a\r\n${ann};x,y\r\n`, [{ to: ann, a: 'x,y' }]],
    ['tabs', `to\tmetadata.a\n${ann}\tx,y\n`, [{ to: ann, a: 'x,y' }]],
    ['UTF-16 with tabs', file('utf16le-bom-tab.txt'), [{ to: ann, name: 'Müller' }]],
    ['UTF-16 without a mark', bytes(`to,metadata.a\n${ann},Ł\n`, 'utf16le'), [{ to: ann, a: 'Ł' }]],
    [
      'UTF-16 with the high byte first',
      bytes(`to,metadata.a\n${ann},Ł\n`, 'utf16le', [0xff, 0xfe]).swap16(),
      [{ to: ann, a: 'Ł' }],
    ],
    [
      'windows-1252',
      file('windows1252.csv'),
      [
        { to: ann, name: 'Ann' },
        { to: bob, name: 'Müller' },
      ],
    ],
    ['UTF-8 beyond ASCII', `to,metadata.a\n${ann},Łódź ☎\n`, [{ to: ann, a: 'Łódź ☎' }]],
  ])('%s: read', async (_, body, rows) => {
    const read = await rowsOf(body);
    expect(read).toHaveLength(rows.length);
    expect(read).toMatchObject(rows);
  });

  it('the Content-Type names the encoding: read in it', async () => {
    const body = Buffer.from([...Buffer.from(`to,metadata.a\n${ann},`), 0xcf, 0xe5, 0xf2, 0xf0]);
    const rows = await rowsOf(body, {}, 'text/csv; charset=windows-1251');
    expect(rows).toEqual([{ to: ann, a: 'Петр' }]);
    expect((await postBatch(body, {}, 'text/csv; charset=klingon')).status).toBe(415);
  });

  it.each([
    ['8:00', '17:30:00'],
    ['08:00', '17:30'],
  ])('%s and %s in the columns of a window, and days with semicolons: read', async (start, end) => {
    const text = async function* () {
      yield `to,callingWindow.start,callingWindow.end,callingWindow.days\n${ann},${start},${end},1;2\n`;
    };
    for await (const { request } of csvRows(text(), undefined))
      expect(request.callingWindow).toEqual({ start: '08:00', end: '17:30', days: [1, 2] });
    expect.assertions(1);
  });

  it('TRUE in a column: meant', async () => {
    const answer = await postBatch(`to,urgent,callingWindow.start,callingWindow.end\n${ann},WAHR,,\n`);
    expect(answer.json.faults).toMatchObject([
      { row: 1, column: 'urgent', message: expect.stringContaining('"WAHR"') },
    ]);
  });

  it.each<[string, string | Uint8Array, object]>([
    [
      'a no-break space inside a number',
      file('invisible-nbsp-inside.csv'),
      { row: 1, line: 2, column: 'to', message: expect.stringContaining('U+00A0 NO-BREAK SPACE') },
    ],
    [
      'a tab inside a cell of a number',
      `to\n"+1500\t5551200"\n`,
      { row: 1, column: 'to', message: expect.stringContaining('U+0009 CHARACTER TABULATION') },
    ],
    [
      'text in a column without a name',
      `to,\n${ann},x\n`,
      { row: 0, column: 'column 2', message: expect.stringContaining('"x"') },
    ],
    [
      'text beyond the last column',
      `to,metadata.a\n${ann},x,y\n`,
      { row: 1, message: 'has 3 cells; must have 2, as the first line' },
    ],
    ['no header', `${ann}\n${bob}\n`, { row: 0, column: ann }],
  ])('%s: 422 names it', async (_, body, fault) => {
    const answer = await postBatch(body);
    expect(answer.status).toBe(422);
    expect(answer.json.faults).toContainEqual(expect.objectContaining(fault));
  });

  it('cells of customer databases that are no one number: each row is named', async () => {
    const answer = await postBatch(file('crm-cells.csv'));
    expect(answer.json.faults.map(({ row }: { row: number }) => row)).toEqual([
      1, 2, 3, 4, 5, 6, 7, 8, 9, 10,
    ]);
  });

  it('unique=to: two spellings of one number are one number', async () => {
    const answer = await postBatch('to\n+447700900124\n+4407700900124\n', { unique: 'to' });
    expect(answer.json.faults).toMatchObject([
      { row: 2, column: 'to', message: 'is already the number of row 1' },
    ]);
  });
});

describe('skipFaultyRows', () => {
  it('some rows have faults: the others are taken, and each of these is named', async () => {
    const body = `to,metadata.a\n${ann},x\n15005550006,y\n${bob},z\n${ann},w,,v\n`;
    const answer = await postBatch(body, { skipFaultyRows: 'true' });
    expect(answer).toMatchObject({
      status: 202,
      json: {
        total: 2,
        skipped: { rows: 2, totalFaults: 2, faults: [{ row: 2, line: 3, column: 'to' }, { row: 4 }] },
      },
    });
    const { results } = (await api.get(`/batches/${answer.json.batchId}/results`)).json;
    expect(results).toMatchObject([
      { row: 1, to: ann },
      { row: 2, to: bob },
    ]);
  });

  it('a number comes twice: the second row is left out', async () => {
    const answer = await postBatch(`to\n${ann}\n${ann}\n`, { unique: 'to', skipFaultyRows: 'true' });
    expect(answer.json).toMatchObject({ total: 1, skipped: { rows: 1, faults: [{ row: 2 }] } });
  });

  it('no row has a fault: nothing is said of rows left out', async () => {
    expect((await postBatch(`to\n${ann}\n`, { skipFaultyRows: 'true' })).json).not.toHaveProperty('skipped');
  });

  it.each([
    ['every row has a fault', 'to\nx\ny\n'],
    ['the first line has a fault', `to,form\n${ann},x\n`],
    ['the file breaks off in a quote', `to,metadata.a\n${ann},x\n${bob},"y\n`],
  ])('%s: 422, nothing is stored', async (_, body) => {
    expect((await postBatch(body, { skipFaultyRows: 'true' })).status).toBe(422);
  });

  it('JSON: the faulty calls are left out as well', async () => {
    const answer = await api.post('/batches', {
      paused: true,
      skipFaultyRows: true,
      defaults: { twiml: '<Response/>' },
      calls: [{ to: 'x' }, { to: ann }],
    });
    expect(answer).toMatchObject({
      status: 202,
      json: { total: 1, skipped: { faults: [{ row: 1, path: 'to' }] } },
    });
  });
});

describe('results.csv in a spreadsheet', () => {
  it('letters beyond ASCII and formulas after a separator: read as text', async () => {
    const answer = await api.post('/batches', {
      paused: true,
      defaults: { twiml: '<Response/>' },
      calls: [
        { to: ann, metadata: { note: "x;=cmd|' /C calc'!A0" } },
        { to: bob, metadata: { note: 'Jürgen Müller' } },
      ],
    });
    const { text } = await api.get(`/batches/${answer.json.batchId}/results.csv`);
    expect(text.startsWith('\uFEFFrow,callId,to,')).toBe(true);
    expect(text).toContain("x;'=cmd|' /C calc'!A0");
    expect(text).toContain('Jürgen Müller');
  });
});

describe('do-not-call files as people have them', () => {
  it.each<[string, string | Uint8Array, string[], Record<string, string>]>([
    [
      'missing cells at the end of rows',
      file('list-short-rows.csv'),
      ['+15005550821', '+15005550822', '+15005550823'],
      {},
    ],
    ['empty columns at the end', file('list-empty-columns.csv'), ['+15005550821'], {}],
    ['CRLF and LF in one file', file('list-crlf-head-lf-rows.csv'), ['+15005550821', '+15005550822'], {}],
    ['semicolons and column names in capitals', 'To;Reason\r\n+15005550831;asked\r\n', ['+15005550831'], {}],
    ['invisible characters', 'to\n\u202a+15005550832\u202c\n', ['+15005550832'], {}],
    [
      'numbers as people write them',
      "to|reason\n+1 500\u00a0555\u20110834|x\n\uff0b1 (500) 555-0835|x\ntel:+1.500.555.0836|x\n'+15005550837|x\n+44 (0)7700 900123|x\n",
      ['+15005550834', '+15005550835', '+15005550836', '+15005550837', '+447700900123'],
      {},
    ],
    ['a registry: area code and number', file('registry-areacode-comma.txt'), [ann, bob], { country: 'US' }],
    ['a registry: ten digits', file('registry-ten-digits.txt'), [ann, bob], { country: 'us' }],
    [
      'national numbers under a header',
      'to,reason\n(500) 555-0833,asked\n',
      ['+15005550833'],
      { country: 'US' },
    ],
  ])('%s: imported', async (_, body, numbers, query) => {
    for (const number of numbers) await api.send({ path: `/do-not-call/${number}`, method: 'DELETE' });
    expect(await importList(body, query)).toMatchObject({
      status: 200,
      json: { rows: numbers.length, added: numbers.length },
    });
    for (const number of numbers) {
      expect((await api.get(`/do-not-call/${number}`)).json).toMatchObject({ to: number, source: 'csv' });
      await api.send({ path: `/do-not-call/${number}`, method: 'DELETE' });
    }
  });

  it.each(['registry-areacode-comma.txt', 'registry-ten-digits.txt'])(
    '%s without a country: 422 says how to import it',
    async (name) => {
      const { status, json } = await importList(file(name));
      expect(status).toBe(422);
      expect(JSON.stringify(json.faults)).toContain('?country=US');
    },
  );

  it.each([
    ['a country that does not exist', { country: 'XX' }, 'to\n', 'country'],
    ['a number that the country does not have', { country: 'US' }, '12,34\n', 'rows.1.to'],
    ['text in a column without a name', {}, 'to,\n+15005550821,x\n', 'rows.2'],
    ['two numbers in a cell', {}, 'to\n+1 500 555 0821 / +1 500 555 0822\n', 'rows.2.to'],
    ['a workbook', {}, Buffer.from('PK\u0003\u0004 and so on', 'latin1'), ''],
  ])('%s: 422', async (_, query, body, path) => {
    const { status, json } = await importList(body, query as Record<string, string>);
    expect(status).toBe(422);
    expect(json.faults.map((fault: { path: string }) => fault.path)).toContain(path);
  });

  it('a reason with characters that join letters: kept', async () => {
    await importList('to,reason\n+15005550842, 👩\u200d🚀 asked \n');
    expect((await api.get('/do-not-call/+15005550842')).json.reason).toBe('👩\u200d🚀 asked');
    await api.send({ path: '/do-not-call/+15005550842', method: 'DELETE' });
  });

  it('export: CSV that an import reads again', async () => {
    const number = '+15005550841';
    await api.post('/do-not-call', { to: number, reason: 'said "=no"; ü' });
    const exported = await api.get('/do-not-call/export.csv?expired=false');
    expect(exported.headers['content-type']).toMatch(/^text\/csv/);
    expect(exported.text.startsWith('\uFEFFto,reason,expires_at,source,added_at,expired\r\n')).toBe(true);
    expect(exported.text).toContain(`${number},"said ""=no""; ü",,api,`);
    expect(await importList(exported.text)).toMatchObject({ status: 200 });
    expect((await api.get(`/do-not-call/${number}`)).json).toMatchObject({
      source: 'api',
      reason: 'said "=no"; ü',
    });
    await api.send({ path: `/do-not-call/${number}`, method: 'DELETE' });
  });
});

describe('one number, one spelling', () => {
  it.each([
    ['+447700900123', '+4407700900123'],
    ['+4407700900223', '+447700900223'],
    ['+525512345673', '+5215512345673'],
    ['+4917112345678', '+49017112345678'],
  ])('%s is listed, %s is asked for: found, and removed', async (listed, other) => {
    await api.post('/do-not-call', { to: listed });
    expect((await api.get(`/do-not-call/${other}`)).status).toBe(200);
    expect((await api.send({ path: `/do-not-call/${other}`, method: 'DELETE' })).status).toBe(204);
    await importList(`to\n${listed}\n`);
    expect((await api.send({ path: `/do-not-call/${other}`, method: 'DELETE' })).status).toBe(204);
  });

  it('call to the other spelling of a listed number: not dialed, and the outcome has the one spelling', async () => {
    await api.post('/do-not-call', { to: '+525512345674' });
    const { json } = await api.post('/calls', { to: '+5215512345674', twiml: '<Response/>', lookup: 'off' });
    const call = (await api.get(`/calls/${json.callId}?wait=30`)).json;
    expect(call).toMatchObject({ outcome: { outcome: 'canceled', to: '+525512345674' } });
    expect(context.twilio.creates).toEqual([]);
    const { calls } = (await api.get('/calls?to=%2B5215512345674')).json;
    expect(calls.map((one: { callId: string }) => one.callId)).toContain(json.callId);
    await api.send({ path: '/do-not-call/+525512345674', method: 'DELETE' });
  }, 60_000);

  it('same key, other spelling: the same call', async () => {
    const headers = { 'Idempotency-Key': `spelling of ${context.to}` };
    const request = { twiml: '<Response/>', notBefore: '2099-01-01T00:00:00Z' };
    const first = await api.post('/calls', { ...request, to: '+447700900323' }, headers);
    const again = await api.post('/calls', { ...request, to: '+4407700900323' }, headers);
    expect(again).toMatchObject({ status: 200, json: { callId: first.json.callId } });
    await api.post(`/calls/${first.json.callId}/cancel`);
  });
});

describe('calling window that never opens', () => {
  it.each([
    [
      'an area code that is newer than the data',
      { to: '+14605550123', callingWindow: { start: '09:00', end: '17:00' } },
      /42 time zones/,
    ],
    [
      'a satellite phone',
      { to: '+870773123456', callingWindow: { start: '09:00', end: '17:00' } },
      /unknown/,
    ],
  ])('%s: 422 names timeZone, for a call and for a row', async (_, request, message) => {
    const fault = { path: 'callingWindow.timeZone', message: expect.stringMatching(message) };
    const call = { twiml: '<Response/>', ...request };
    expect(await api.post('/calls', call)).toMatchObject({ status: 422, json: { faults: [fault] } });
    expect(await api.post('/batches', { calls: [call] })).toMatchObject({
      status: 422,
      json: { faults: [fault] },
    });
  });

  it('every day of the window is blocked: 422 names callingWindow', async () => {
    const blockedDates = Array.from({ length: 400 }, (_, nth) =>
      new Date(Date.now() + nth * 86_400_000).toISOString().slice(0, 10),
    );
    const callingWindow = { timeZone: 'Etc/UTC', start: '09:00', end: '17:00', days: [1], blockedDates };
    const answer = await api.post('/calls', { to: context.to, twiml: '<Response/>', callingWindow });
    expect(answer).toMatchObject({ status: 422, json: { faults: [{ path: 'callingWindow' }] } });
  });
});
