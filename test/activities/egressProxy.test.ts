import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { type AddressInfo, connect } from 'node:net';
import { afterAll, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { createTwilioClient } from '../../activities/twilio/twilioClient.js';
import { surelyNotSent } from '../../activities/twilio/twilioRestError.js';
import { makeCertificates } from '../support/certificates.js';

const certificates = makeCertificates({ host: 'DNS:localhost' });
/** What came to Twilio and to the proxy. */
const requests: string[] = [];
const connects: { target: string; authorization: string | undefined }[] = [];
let refuseWith: string | null = null;

const twilio = createHttpsServer(
  { cert: readFileSync(certificates.certificate), key: readFileSync(certificates.key) },
  (request, response) => {
    requests.push(`${request.method} ${request.url}`);
    response.writeHead(201, { 'Content-Type': 'application/json' });
    response.end(JSON.stringify({ sid: `CA${'1'.repeat(32)}`, status: 'queued' }));
  },
);
const proxy = createHttpServer();
proxy.on('connect', (request, client) => {
  connects.push({ target: request.url ?? '', authorization: request.headers['proxy-authorization'] });
  if (refuseWith !== null)
    return void client.end(`HTTP/1.1 ${refuseWith}\r\nContent-Length: 6\r\n\r\nDenied`);
  const port = (request.url ?? '').split(':')[1];
  const upstream = connect(Number(port), '127.0.0.1', () => {
    client.write('HTTP/1.1 200 Connection established\r\n\r\n');
    upstream.pipe(client);
    client.pipe(upstream);
  });
  upstream.on('error', () => client.destroy());
  client.on('error', () => upstream.destroy());
});

const urlOf = (server: { address(): unknown }, scheme: string, login = '') =>
  `${scheme}://${login}127.0.0.1:${(server.address() as AddressInfo).port}`;

beforeAll(async () => {
  for (const server of [twilio, proxy]) await once(server.listen(0, '127.0.0.1'), 'listening');
  vi.stubEnv('TWILIO_CA_BUNDLE', certificates.authority);
});
beforeEach(() => {
  requests.length = 0;
  connects.length = 0;
  refuseWith = null;
});
afterAll(() => {
  vi.unstubAllEnvs();
  for (const server of [twilio, proxy]) {
    server.closeAllConnections();
    server.close();
  }
});

function clientBehind(proxyUrl: string | null) {
  const accountSid = `AC${'1'.repeat(32)}`;
  const baseUrl = urlOf(twilio, 'https').replace('127.0.0.1', 'localhost');
  return createTwilioClient({ accountSid, username: accountSid, password: 'token', baseUrl, proxyUrl });
}
const create = (client: ReturnType<typeof clientBehind>) =>
  client.calls.create({ to: '+15005551200', from: '+15005550006', twiml: '<Response/>' });

it('a proxy is configured: requests to Twilio go through it, with its login and over one connection', async () => {
  const client = clientBehind(urlOf(proxy, 'http', 'me:pass%40word@'));
  await create(client);
  expect((await create(client)).status).toBe('queued');
  expect(requests).toHaveLength(2);
  expect(connects).toEqual([
    {
      target: `localhost:${(twilio.address() as AddressInfo).port}`,
      authorization: `Basic ${Buffer.from('me:pass@word').toString('base64')}`,
    },
  ]);
});

it.each(['403 Forbidden', '407 Proxy Authentication Required', '502 Bad Gateway'])(
  'the proxy answers %s to CONNECT: the request was certainly not sent',
  async (answer) => {
    refuseWith = answer;
    const error = await create(clientBehind(urlOf(proxy, 'http'))).catch((thrown: unknown) => thrown);
    expect(String(error)).toContain(`the proxy refused the connection: ${answer}`);
    expect(surelyNotSent(error)).toBe(true);
    expect(requests).toEqual([]);
  },
);

it('the proxy cannot be reached: the request was certainly not sent', async () => {
  const error = await create(clientBehind('http://127.0.0.1:1')).catch((thrown: unknown) => thrown);
  expect(surelyNotSent(error)).toBe(true);
});

it.each([
  [{ region: 'ie1', edge: 'dublin' }, 'dublin.ie1.'],
  [{ region: 'ie1' }, 'ie1.'],
  [{ edge: 'sydney' }, 'sydney.us1.'],
  [{}, ''],
])(
  'settings %o: calls and Lookup go to these hosts, whatever the SDK finds in the environment',
  async (where, part) => {
    vi.stubEnv('TWILIO_REGION', 'au1');
    vi.stubEnv('TWILIO_EDGE', 'tokyo');
    refuseWith = '403 Forbidden';
    const accountSid = `AC${'1'.repeat(32)}`;
    const settings = { accountSid, username: accountSid, password: 'token', baseUrl: null };
    const client = createTwilioClient({ ...settings, ...where, proxyUrl: urlOf(proxy, 'http') });
    await expect(create(client)).rejects.toThrow('403');
    await expect(client.lookups.phoneNumbers('+15005551200').fetch()).rejects.toThrow('403');
    expect(connects.map(({ target }) => target)).toEqual([
      `api.${part}twilio.com:443`,
      `lookups.${part}twilio.com:443`,
    ]);
  },
);

it('no proxy is configured, and HTTP_PROXY is set for other programs: requests go to Twilio directly', async () => {
  vi.stubEnv('HTTP_PROXY', urlOf(proxy, 'http'));
  await create(clientBehind(null));
  expect({ requests: requests.length, connects }).toEqual({ requests: 1, connects: [] });
});
