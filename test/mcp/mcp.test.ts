import { fileURLToPath } from 'node:url';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import type { CallToolResult } from '@modelcontextprotocol/sdk/types.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CuttingProxy, startCuttingProxy } from '../client/cuttingProxy.js';
import { useEndToEndStack } from '../endToEnd/useEndToEndStack.js';
import { isAlive, RingtrueProcess, until } from '../support/ringtrueProcess.js';

const stack = useEndToEndStack({}, 20);
const executable = fileURLToPath(new URL('../../bin/ringtrue.js', import.meta.url));
const twiml = '<Response><Say>Hello</Say></Response>';
const notBefore = '2040-01-31T09:00:00Z';
const clients: Client[] = [];
let proxy: CuttingProxy;
let mcp: Client;

beforeAll(async () => {
  proxy = await startCuttingProxy(stack.apiUrl);
  mcp = await connected(proxy.url);
  // From here on the client checks every answer against the schema of its tool.
  await mcp.listTools();
});
afterAll(async () => {
  for (const client of clients) await client.close();
  await proxy.shut();
});

async function connected(apiUrl: string): Promise<Client> {
  const client = new Client({ name: 'test', version: '1' });
  const env = { RINGTRUE_API_URL: apiUrl, PATH: process.env.PATH ?? '' };
  const args = [executable, 'mcp'];
  await client.connect(new StdioClientTransport({ command: process.execPath, args, env, stderr: 'ignore' }));
  clients.push(client);
  return client;
}

type Answer = CallToolResult & { structuredContent: Record<string, unknown>; text: string };

async function use(name: string, input: object, client = mcp): Promise<Answer> {
  const answer = await client.callTool({ name, arguments: { ...input } });
  const [first] = answer.content as { text: string }[];
  return { ...answer, text: first?.text ?? '' } as Answer;
}

let next = 0;
/** A human answers; no other test calls it. */
const freshNumber = () => `+1202555${String(2000 + next++)}`;

describe('the tools', () => {
  it('their hints: placing and canceling change something, the others do not', async () => {
    const { tools } = await mcp.listTools();
    const hints = tools.map(({ name, annotations }) => [
      name,
      annotations?.readOnlyHint,
      annotations?.destructiveHint,
      annotations?.idempotentHint,
    ]);
    expect(hints).toEqual([
      ['place_call', false, true, true],
      ['wait_for_outcome', true, false, true],
      ['get_call', true, false, true],
      ['list_calls', true, false, true],
      ['cancel_call', false, true, true],
      ['explain_call', true, false, true],
    ]);
  });

  it('their schemas: arguments are an object without alternatives, and every argument is explained', async () => {
    const { tools } = await mcp.listTools();
    for (const { inputSchema, outputSchema } of tools) {
      expect(inputSchema).toMatchObject({ type: 'object', additionalProperties: false });
      expect(Object.keys(inputSchema)).not.toEqual(expect.arrayContaining(['oneOf']));
      expect(outputSchema?.type).toBe('object');
    }
    const names = Object.keys(tools[0]?.inputSchema.properties ?? {});
    expect(names).toEqual(expect.arrayContaining(['to', 'twiml', 'retry', 'idempotencyKey', 'dryRun']));
  });
});

describe('place_call', () => {
  it('its answer is lost and the agent repeats it, twice: one call, rung once', async () => {
    const to = freshNumber();
    proxy.cutAnswers = 1;
    const first = await use('place_call', { to, twiml });
    expect(first.structuredContent).toMatchObject({ alreadyPlaced: false, message: expect.any(String) });
    const again = await use('place_call', { twiml, to });
    const { callId } = first.structuredContent;
    expect(again.structuredContent).toMatchObject({ alreadyPlaced: true, callId });
    expect(again.text).toContain('Nothing new rings');
    const over = await use('wait_for_outcome', { callId });
    expect(over.structuredContent).toMatchObject({ done: true, outcome: { outcome: 'answered', to } });
    // Another process of the server knows nothing of the first one.
    const other = await use('place_call', { to, twiml }, await connected(proxy.url));
    expect(other.structuredContent).toMatchObject({ alreadyPlaced: true, callId });
    expect(await stack.simulated(to)).toHaveLength(1);
  });

  it('on purpose once more, with a key: another call', async () => {
    const to = freshNumber();
    const first = await use('place_call', { to, twiml });
    await use('wait_for_outcome', { callId: first.structuredContent.callId });
    const second = await use('place_call', { to, twiml, idempotencyKey: 'the second one' });
    expect(second.structuredContent.callId).not.toBe(first.structuredContent.callId);
    const reused = await use('place_call', { to, twiml, lookup: 'off', idempotencyKey: 'the second one' });
    expect(reused).toMatchObject({ isError: true, text: expect.stringContaining('Use a new key') });
  });

  it('a dry run: says when it would ring, and rings nobody', async () => {
    const to = freshNumber();
    const dry = await use('place_call', { to, twiml, notBefore, dryRun: true });
    expect(dry.structuredContent).toMatchObject({
      callId: null,
      dryRun: { request: { to }, delayedBy: [{ by: 'not-before', until: expect.any(String) }] },
    });
    expect(dry.text).toMatch(/would be called at 2040-.*Nothing was dialed/);
    const { structuredContent } = await use('list_calls', { to });
    expect(structuredContent).toMatchObject({ calls: [], nextCursor: null });
  });

  it('a request with faults: a tool error that names each of them', async () => {
    const answer = await use('place_call', { to: '123', twiml: '<no', notAField: 1 });
    expect(answer.isError).toBe(true);
    expect(answer.text).toMatch(/- to is "123"[\s\S]*- twiml [\s\S]*- notAField/);
    const wrong = await use('place_call', { to: freshNumber(), twiml, dryRun: 'yes' });
    expect(wrong).toMatchObject({ isError: true, text: expect.stringContaining('at dryRun') });
  });
});

describe('a call that waits', () => {
  let callId: unknown;
  const to = freshNumber();
  beforeAll(async () => {
    ({ callId } = (await use('place_call', { to, twiml, notBefore })).structuredContent);
    const stateNow = async () => (await use('get_call', { callId })).structuredContent.state;
    await until(async () => (await stateNow()) === 'waiting');
  });

  it('wait_for_outcome: is bounded, says where the call stands, and reports progress', async () => {
    const progress: string[] = [];
    const answer = await mcp.callTool(
      { name: 'wait_for_outcome', arguments: { callId, timeoutSeconds: 1 } },
      undefined,
      { onprogress: ({ message }) => void progress.push(message ?? '') },
    );
    expect(answer.structuredContent).toMatchObject({
      done: false,
      state: 'waiting',
      outcome: null,
      message: expect.stringContaining('Ask again with wait_for_outcome'),
    });
    expect(progress.join()).toMatch(/^(looking-up|waiting)/);
  });

  it('explain_call: what it waits for, that dialing is paused, and what to do', async () => {
    await stack.store.pauseDialing({
      accountSid: stack.bench.settings.twilio.accountSid,
      reason: 'the announcement is wrong',
      by: null,
    });
    const { structuredContent } = await use('explain_call', { callId });
    await stack.store.resumeDialing({ accountSid: stack.bench.settings.twilio.accountSid, by: null });
    expect(structuredContent).toMatchObject({
      state: 'waiting',
      outcome: null,
      facts: [
        `The call to ${to} is under way: waiting.`,
        expect.stringMatching(/^It waits for /),
        expect.stringContaining('2040-01-31T09:00:00'),
        expect.stringContaining('All dialing is paused'),
      ],
      fixes: [expect.stringContaining('ringtrue dialing resume')],
    });
    expect(structuredContent.explanation).toContain('the announcement is wrong');
  });

  it('cancel_call, then explain_call: how it ended; a second cancel is a tool error', async () => {
    await use('cancel_call', { callId, reason: 'a test' });
    const over = await use('wait_for_outcome', { callId });
    expect(over.structuredContent).toMatchObject({ done: true, outcome: { outcome: 'canceled' } });
    const explained = await use('explain_call', { callId });
    expect(explained.text).toMatch(/is over: canceled[\s\S]*No more attempts: /);
    const second = await use('cancel_call', { callId });
    expect(second).toMatchObject({ isError: true, text: expect.stringContaining('already over') });
  });
});

describe('reading', () => {
  it('get_call, list_calls and explain_call after a busy call: its evidence', async () => {
    const to = '+15005552486';
    const { callId } = (await use('place_call', { to, twiml, metadata: { from: 'mcp' } })).structuredContent;
    await use('wait_for_outcome', { callId });
    const read = await use('get_call', { callId });
    expect(read.structuredContent).toMatchObject({ callId, state: 'done', outcome: { outcome: 'busy' } });
    expect(JSON.parse((read.content[1] as { text: string }).text)).toEqual(read.structuredContent);
    const listed = await use('list_calls', { metadata: { from: 'mcp' }, limit: 1 });
    expect(listed.structuredContent.calls).toMatchObject([{ callId, to, outcome: 'busy', attempts: 1 }]);
    const { text } = await use('explain_call', { callId });
    expect(text).toMatch(/Reason: Busy Here.*\(sip 486\)[\s\S]*Attempt 1: busy, decided by webhook; SIP 486/);
  });

  it.each([
    ['get_call', { callId: 'nothing' }, 'No such call (404)'],
    ['explain_call', {}, 'at callId'],
    ['wait_for_outcome', { callId: 'a', timeoutSeconds: -1 }, 'at timeoutSeconds'],
    ['list_calls', { outcome: 'busy', hue: 1 }, 'hue'],
  ])('%s %j: a tool error', async (name, input, message) => {
    expect(await use(name, input)).toMatchObject({ isError: true, text: expect.stringContaining(message) });
  });

  it('a tool that does not exist: refused, with those that do', async () => {
    await expect(use('hang_up', {})).rejects.toThrow('must be one of place_call, ');
  });
});

describe('the process', () => {
  it('the API cannot be reached: a tool error that says what to do', async () => {
    await proxy.shut();
    const answer = await use('get_call', { callId: 'a' });
    await proxy.open();
    expect(answer).toMatchObject({
      isError: true,
      text: expect.stringMatching(/cannot be reached[\s\S]*RINGTRUE_API_URL/),
    });
  });

  it('stdin ends, or SIGTERM comes: status 0', async () => {
    // Its stdin is empty.
    expect(await new RingtrueProcess(['mcp']).ended).toEqual({ status: 0, signal: null });
    const { pid } = mcp.transport as StdioClientTransport;
    process.kill(pid as number, 'SIGTERM');
    await expect.poll(() => isAlive(pid as number), { timeout: 10_000 }).toBe(false);
  });
});
