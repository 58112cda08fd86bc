import { randomUUID } from 'node:crypto';
import { Agent, request } from 'node:http';
import pg from 'pg';
import { getExpectedTwilioSignature } from 'twilio/lib/webhooks/webhooks.js';
import { serveWork } from './childProcess.js';
import { paced, together } from './pace.js';

/** One call that was posted. Times are those of `Date.now()`. */
export interface PostedCall {
  callId: string;
  postedAt: number;
  acceptedAt: number;
  /** When its outcome was recorded, by the clock of the database. Null: not waited for. */
  recordedAt: number | null;
}

export interface CallLoad {
  count: number;
  /** Calls in flight at the same time (each recorded one is followed by the next), or posts a second. */
  pace: { inFlight: number } | { perSecond: number };
  to: 'ordinary numbers' | 'numbers that talk on';
}

export interface CallbackLoad {
  origin: string;
  /** The URL of the API for Twilio. */
  publicUrl: string;
  authToken: string;
  accountSid: string;
  callIds: string[];
  count: number;
  inFlight: number;
}

/** A call lasts a second. The rest is waiting in queues. */
const recordedWithinMs = 120_000;

/** Closes idle sockets before a server does, which would cut a request that is just being sent. */
const agent = new Agent({ keepAlive: true, maxSockets: 256, timeout: 2_000 });
let apiUrl = '';
let numbers = 0;
/** Calls that go on. */
const held: string[] = [];
const recordings = new Map<string, { at?: number; onRecorded?: (at: number) => void }>();

serveWork({
  async start(where: { apiUrl: string; databaseUrl: string }) {
    apiUrl = where.apiUrl;
    const client = new pg.Client({ connectionString: where.databaseUrl });
    client.on('notification', ({ payload = '{}' }) => {
      const { callId, at } = JSON.parse(payload) as { callId: string; at: number };
      const known = recordings.get(callId);
      if (known?.onRecorded) known.onRecorded(at);
      else recordings.set(callId, { at });
    });
    await client.connect();
    await client.query('listen recorded');
  },

  /** Posts calls and waits until the outcome of each is recorded. */
  async calls(load: CallLoad): Promise<PostedCall[]> {
    const posted: PostedCall[] = [];
    const one = async () => {
      const call = await post(load.to);
      posted.push(call);
      call.recordedAt = await recorded(call.callId);
    };
    if ('inFlight' in load.pace) await together(load.count, load.pace.inFlight, one);
    else await paced(load.count, load.pace.perSecond, one);
    return posted;
  },

  /** Posts calls that go on for longer than the benchmark. */
  async hold(count: number): Promise<void> {
    await together(count, 20, async () => {
      held.push((await post('numbers that talk on')).callId);
    });
  },

  /** Reads the calls that go on, with `?wait=1`: each read waits for its whole second. */
  async waitedReads({ count, inFlight }: { count: number; inFlight: number }): Promise<void> {
    await together(count, inFlight, async (number) => {
      const { status, text } = await send(`${apiUrl}/calls/${held[number % held.length]}?wait=1`);
      if (status !== 200) throw new Error(`GET /calls/{callId} was answered ${status}: ${text}`);
    });
  },

  /** Sends status callbacks as fast as they are answered. Returns how many a second. */
  async callbacks(load: CallbackLoad): Promise<number> {
    const { callIds, count, inFlight } = load;
    const ready = Array.from({ length: count }, (_, number) =>
      callback(load, callIds[number % callIds.length] as string, number),
    );
    const begun = performance.now();
    await together(count, inFlight, async (number) => {
      const { path, body, headers } = ready[number] as (typeof ready)[number];
      const { status, text } = await send(load.origin + path, headers, body);
      if (status !== 204) throw new Error(`a callback was answered ${status}: ${text}`);
    });
    return count / ((performance.now() - begun) / 1000);
  },
});

async function post(to: CallLoad['to']): Promise<PostedCall> {
  const number = numbers++;
  const digits = String(number % 10_000).padStart(4, '0');
  const body = JSON.stringify({
    // No two calls in flight are between the same two numbers, because they would wait for each other.
    to: to === 'ordinary numbers' ? `+1202555${digits}` : '+15005558102',
    from: `+1${303 + Math.floor(number / 10_000)}555${digits}`,
    twiml: '<Response><Say>This is a reminder of your appointment tomorrow at nine.</Say></Response>',
    maxDurationSeconds: 86_400,
    metadata: { order: String(number) },
  });
  const headers = { 'Content-Type': 'application/json', 'Idempotency-Key': randomUUID() };
  const postedAt = Date.now();
  const { status, text } = await send(`${apiUrl}/calls`, headers, body);
  if (status !== 202) throw new Error(`POST /calls was answered ${status}: ${text}`);
  return { callId: JSON.parse(text).callId, postedAt, acceptedAt: Date.now(), recordedAt: null };
}

function recorded(callId: string): Promise<number> {
  const known = recordings.get(callId);
  if (known?.at !== undefined) return Promise.resolve(known.at);
  return new Promise((resolve, reject) => {
    const message = `no outcome of ${callId} was recorded within ${recordedWithinMs / 1000} s`;
    const late = setTimeout(() => reject(new Error(message)), recordedWithinMs);
    const onRecorded = (at: number) => {
      clearTimeout(late);
      resolve(at);
    };
    recordings.set(callId, { onRecorded });
  });
}

const statuses = ['initiated', 'ringing', 'in-progress', 'completed'];

function callback({ publicUrl, authToken, accountSid }: CallbackLoad, callId: string, number: number) {
  const path = `/twilio/status/${callId}/1`;
  const status = statuses[number % statuses.length] as string;
  const params = {
    CallSid: `CA${'0'.repeat(32)}`,
    AccountSid: accountSid,
    ApiVersion: '2010-04-01',
    Direction: 'outbound-api',
    CallStatus: status,
    Timestamp: new Date().toUTCString(),
    CallbackSource: 'call-progress-events',
    SequenceNumber: String(number % statuses.length),
    To: '+12025550143',
    Called: '+12025550143',
    ToCountry: 'US',
    CalledCountry: 'US',
    From: '+13035550100',
    Caller: '+13035550100',
    FromCountry: 'US',
    CallerCountry: 'US',
    ...(status === 'completed' ? { CallDuration: '2', Duration: '1', SipResponseCode: '200' } : {}),
  };
  const headers = {
    'Content-Type': 'application/x-www-form-urlencoded',
    'X-Twilio-Signature': getExpectedTwilioSignature(authToken, publicUrl + path, params),
  };
  return { path, headers, body: new URLSearchParams(params).toString() };
}

/** A POST with this body, or a GET without one. */
function send(
  url: string,
  headers: Record<string, string> = {},
  body: string | null = null,
): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const length = body === null ? {} : { 'Content-Length': String(Buffer.byteLength(body)) };
    const outgoing = request(
      url,
      { method: body === null ? 'GET' : 'POST', agent, headers: { ...headers, ...length } },
      (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk) => {
          text += chunk;
        });
        response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
        response.on('error', reject);
      },
    );
    outgoing.setTimeout(30_000, () => outgoing.destroy(new Error(`no answer within 30 s: ${url}`)));
    outgoing.on('error', reject);
    outgoing.end(body ?? undefined);
  });
}
