import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { StoreUnavailable } from '../../activities/store/database/storeError.js';
import type { FeedEvent } from '../../activities/store/events/eventFeed.js';
import { problem, useApi } from '../api/useApi.js';
import { newCallId, outcome } from '../store/records.js';
import { RingtrueProcess } from '../support/ringtrueProcess.js';
import { useCallBench } from '../support/useCallBench.js';

/** A feed of its own, in which no other test writes. */
const context = useCallBench({}, { ownDatabase: true });
const api = useApi(context);
/** How often this API has asked the store for new events. */
let questions = 0;
let isAway = false;
const stopping = new AbortController();
const otherApi = useApi(context, () => ({
  stopping: stopping.signal,
  store: {
    ...context.store,
    async newestEventPosition() {
      questions++;
      if (isAway) throw new StoreUnavailable('The outcome store is away.');
      return context.store.newestEventPosition();
    },
  },
}));

const feed = async (query = '') => (await api.get(`/events${query}`)).json;
const endOfFeed = async (): Promise<string> => (await feed('?after=latest')).next;
const twice = { maxAttempts: 2, retryOn: ['busy'], intervals: { busy: [0] } } as const;
async function endCall(callId = newCallId()): Promise<string> {
  await context.store.saveOutcome(outcome(callId));
  return callId;
}
async function deleteCall(callId: string): Promise<void> {
  const client = new pg.Client({ connectionString: context.databaseUrl });
  await client.connect();
  await client.query('delete from calls where call_id = $1', [callId]);
  await client.end();
}

const readers: AbortController[] = [];
afterEach(() => {
  for (const reader of readers.splice(0)) reader.abort();
});

/** The frames of a stream as they come. */
async function* stream(query: string, headers: Record<string, string> = {}, of = api) {
  const reader = new AbortController();
  readers.push(reader);
  const response = await fetch(`${of.origin}/events${query}`, {
    headers: { Accept: 'text/event-stream', ...headers },
    signal: reader.signal,
  });
  expect(response.headers.get('content-type')).toMatch(/^text\/event-stream/);
  let text = '';
  for await (const part of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    const frames = (text + part).split('\n\n');
    text = frames.pop() ?? '';
    for (const frame of frames) {
      const fields = Object.fromEntries(frame.split('\n').map((field) => field.split(/: (.*)/s)));
      if (fields.data) yield { ...fields, data: JSON.parse(fields.data) } as { id: string; data: FeedEvent };
    }
  }
}

describe('GET /events', () => {
  it('nothing has ended yet: an empty page, whose cursor is that of the start', async () => {
    expect(await feed()).toEqual({ events: [], next: '0' });
    expect(await feed('?after=0&wait=0.2')).toEqual({ events: [], next: '0' });
  });

  it('a call ends: its events are the attempt and the outcome that GET /calls shows', async () => {
    const after = await endOfFeed();
    const call = await context.bench.start({ to: context.to, lookup: 'off', retry: twice });
    for (const number of [1, 2]) {
      const { attempts } = await call.until(
        ({ attempts, state }) => attempts.length === number && state === 'queued',
      );
      await call.callback(number, attempts.at(-1)?.callSid ?? '', 'busy');
    }
    await call.result();
    const recorded = (await api.get(`/calls/${call.callId}`)).json;
    expect(recorded.attempts).toHaveLength(2);
    const { events, next } = await feed(`?after=${after}`);
    expect(events.map(({ type, callId, data }: FeedEvent) => ({ type, callId, data }))).toEqual([
      ...recorded.attempts.map((data: object) => ({ type: 'attempt.ended', callId: call.callId, data })),
      { type: 'call.ended', callId: call.callId, data: recorded.outcome },
    ]);
    expect(events.at(-1).id).toBe(next);
  });

  it.each([
    ['after=', 'after', 'must be the next of an earlier answer'],
    ['after=nonsense', 'after', 'is "nonsense"; must be'],
    ['after=-1', 'after', 'must be'],
    ['after=12', 'after', 'must be'],
    ['after=1-2-3-4', 'after', 'must be'],
    ['after=0&after=0', 'after', 'comes 2 times'],
    ['limit=0', 'limit', 'an integer 1..1000'],
    ['limit=1001', 'limit', 'an integer 1..1000'],
    ['limit=1.5', 'limit', 'an integer 1..1000'],
    ['limit=many', 'limit', 'an integer 1..1000'],
    ['wait=61', 'wait', '0..60'],
    ['wait=-1', 'wait', '0..60'],
    ['wait=soon', 'wait', '0..60'],
    ['wait=', 'wait', '0..60'],
    ['cursor=0', 'cursor', 'is unknown'],
  ])('?%s: 422 that names it', async (query, path, message) => {
    const answer = await api.get(`/events?${query}`);
    expect(answer).toMatchObject({ status: 422, json: problem('invalid-request', 422) });
    expect(answer.json.faults).toMatchObject([{ path, message: expect.stringContaining(message) }]);
  });

  it('a cursor that this store never gave out: 410, and what to do', async () => {
    const answer = await api.get('/events?after=999999-1796119200000000');
    expect(answer).toMatchObject({ status: 410, json: problem('lost-cursor', 410) });
    expect(answer.json.detail).toMatch(/restored from an older backup.*older cursor.*start again/);
    expect(answer.json.next).toBeUndefined();
  });

  it('events after the cursor are deleted: 410 with the cursor to go on', async () => {
    const start = await endOfFeed();
    const [kept, deleted, later] = [await endCall(), await endCall(), await endCall()];
    const [first] = (await feed(`?after=${start}`)).events.filter((one: FeedEvent) => one.callId === kept);
    await deleteCall(deleted);
    const answer = await api.get(`/events?after=${first.id}`);
    expect(answer).toMatchObject({ status: 410, json: problem('lost-cursor', 410) });
    const { events } = await feed(`?after=${answer.json.next}`);
    expect(events.map(({ callId }: FeedEvent) => callId)).toEqual([kept, later, later]);
  });

  it('it waits: answers at once when an event comes, over another API process too', async () => {
    const after = await endOfFeed();
    const waiting = [api, otherApi].map((one) => one.get(`/events?after=${after}&wait=20`));
    const startedAt = performance.now();
    const callId = await endCall();
    for (const { json } of await Promise.all(waiting))
      expect(json.events.map((event: FeedEvent) => event.callId)).toEqual([callId, callId]);
    expect(performance.now() - startedAt).toBeLessThan(10_000);
  });

  it('it waits, and nothing comes: an empty page with the same cursor', async () => {
    const after = await endOfFeed();
    const startedAt = performance.now();
    expect(await feed(`?after=${after}&wait=1`)).toEqual({ events: [], next: after });
    expect(performance.now() - startedAt).toBeGreaterThan(900);
  });

  it('pages of two API processes: one sequence, nothing twice, nothing left out', async () => {
    const start = await endOfFeed();
    for (let n = 0; n < 5; n++) await endCall();
    const whole = (await feed(`?after=${start}&limit=1000`)).events;
    const paged: FeedEvent[] = [];
    for (let after = start, n = 0; n < 5; n++) {
      const page = (await (n % 2 ? api : otherApi).get(`/events?after=${after}&limit=2`)).json;
      paged.push(...page.events);
      after = page.next;
    }
    expect(paged).toEqual(whole);
  });
});

describe('the event stream', () => {
  it('events come as they happen, with the cursor as id; a client that lost its connection goes on', async () => {
    const start = await endOfFeed();
    const first = await endCall();
    const frames = stream(`?after=${start}`);
    const seen = [await frames.next(), await frames.next()].map(({ value }) => value);
    expect(seen).toMatchObject([
      { event: 'attempt.ended', data: { callId: first } },
      { event: 'call.ended', data: { callId: first, type: 'call.ended' } },
    ]);
    expect(seen[1]?.id).toBe(seen[1]?.data.id);
    const second = await endCall();
    expect((await frames.next()).value).toMatchObject({ data: { callId: second } });

    // As a browser does it: the address stays the same.
    const again = stream(`?after=${start}`, { 'Last-Event-ID': seen[0]?.id ?? '' });
    expect((await again.next()).value?.data).toEqual(seen[1]?.data);
  });

  it('it begins before deleted events: a client that lost its connection goes on all the same', async () => {
    const start = await endOfFeed();
    const [kept, deleted] = [await endCall(), await endCall()];
    await feed();
    await deleteCall(deleted);
    const { next } = (await api.get(`/events?after=${start}`)).json;
    const frame = (await stream(`?after=${next ?? start}`).next()).value;
    expect(frame?.data.callId).toBe(kept);
    const again = stream('', { 'Last-Event-ID': frame?.id ?? '' });
    expect((await again.next()).value?.data).toMatchObject({ callId: kept, type: 'call.ended' });
  });

  it('the store is away for a while: the stream goes on afterwards', async () => {
    const frames = stream(`?after=${await endOfFeed()}`, {}, otherApi);
    const next = frames.next();
    isAway = true;
    await expect.poll(() => questions, { timeout: 10_000 }).toBeGreaterThan(1);
    const callId = await endCall();
    isAway = false;
    expect((await next).value?.data.callId).toBe(callId);
  });

  it('the client goes, then the server stops: the store is asked no more, and streams end', async () => {
    const frames = stream('?after=latest', {}, otherApi);
    const gone = frames.next().catch(() => 'gone');
    await expect.poll(() => questions, { timeout: 10_000 }).toBeGreaterThan(0);
    for (const reader of readers.splice(0)) reader.abort();
    expect(await gone).toBe('gone');
    await new Promise((resolve) => setTimeout(resolve, 700));
    const before = questions;
    await new Promise((resolve) => setTimeout(resolve, 700));
    expect(questions).toBe(before);

    const last = stream('?after=latest', {}, otherApi).next();
    await expect.poll(() => questions, { timeout: 10_000 }).toBeGreaterThan(before);
    stopping.abort();
    expect(await last).toEqual({ done: true, value: undefined });
  });

  it('it cannot begin: a problem, not a stream', async () => {
    const headers = { Accept: 'text/event-stream' };
    expect(await api.get('/events?after=x', headers)).toMatchObject({ status: 422 });
    const lastEventId = await api.get('/events', { ...headers, 'Last-Event-ID': randomUUID() });
    expect(lastEventId.json.faults).toMatchObject([{ path: 'Last-Event-ID' }]);
    expect(await api.get('/events', { ...headers, 'Last-Event-ID': '99999-1796119200000000' })).toMatchObject(
      {
        status: 410,
      },
    );
  });
});

describe('ringtrue events', () => {
  const at = { RINGTRUE_API_URL: '' };
  beforeAll(() => {
    at.RINGTRUE_API_URL = api.origin;
  });
  async function run(...args: string[]) {
    const command = new RingtrueProcess(args, at);
    const { status } = await command.ended;
    return { status, stdout: command.stdout, stderr: command.stderr };
  }

  it('a page, then the rest by its cursor; --follow prints each event as one JSON object', async () => {
    const start = await endOfFeed();
    const callId = newCallId();
    await context.store.saveOutcome(outcome(callId));
    const page = await run('events', '--after', start, '--limit', '1');
    expect(page.stdout).toMatch(new RegExp(`attempt\\.ended +${callId} +1 +busy +webhook`));
    const cursor = /To go on: --after (\S+)/.exec(page.stdout)?.[1] ?? '';
    const rest = JSON.parse((await run('events', '--after', cursor, '--json')).stdout);
    expect(rest.events.at(-1)).toMatchObject({ type: 'call.ended', callId });

    const following = new RingtrueProcess(['events', '--follow', '--json', '--after', rest.next], at);
    const later = newCallId();
    await context.store.saveOutcome(outcome(later));
    await following.prints(`"call.ended","at"`);
    await following.stop();
    const seen = following.stdout
      .trimEnd()
      .split('\n')
      .map((text) => JSON.parse(text));
    expect(seen).toMatchObject([
      { type: 'attempt.ended', callId: later },
      { type: 'call.ended', callId: later },
    ]);
  });

  it('a cursor that the store does not know: status 1, with what to do', async () => {
    const { status, stderr } = await run('events', '--follow', '--after', '999999-1796119200000000');
    expect({ status, stderr }).toEqual({
      status: 1,
      stderr: expect.stringContaining('start again without after'),
    });
  });
});
