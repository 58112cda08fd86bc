import { afterEach, describe, expect, it } from 'vitest';
import { type RunningSimulator, startSimulator } from '../../src/simulator/api/startSimulator.js';
import { type SimulatorOptions, simulatorCredentials } from '../../src/simulator/simulatorOptions.js';
import { fromNumber, startSimulatedTwilio, twilioClient } from './simulatedTwilio.js';

const running: RunningSimulator[] = [];
async function start(options: Partial<SimulatorOptions> = {}) {
  const simulator = await startSimulator({ ...simulatorCredentials, ...options });
  running.push(simulator);
  return simulator;
}
afterEach(async () => {
  await Promise.all(running.splice(0).map((simulator) => simulator.close()));
});

describe('starting and stopping', () => {
  it('listens on loopback, on a free port', async () => {
    const { url, port } = await start();
    expect(url).toBe(`http://127.0.0.1:${port}`);
    expect(await (await fetch(`${url}/healthz`)).json()).toEqual({ alive: true });
  });

  it('port in use: refuses with a sentence', async () => {
    const { port } = await start();
    await expect(start({ port })).rejects.toThrow(
      `The simulator cannot listen on 127.0.0.1:${port}: another program does already. Stop it, or choose another port.`,
    );
  });

  it('wrong options: refuses, and names every fault', async () => {
    await expect(start({ accountSid: 'x', authToken: '', callsPerSecond: 0, speed: -1 })).rejects.toThrow(
      /accountSid must be .*; authToken must not .*; callsPerSecond must .*; speed must /,
    );
  });

  it('closed while calls are under way and a client hangs: the port is free again', async () => {
    const { url, port, close } = await startSimulator(simulatorCredentials);
    const client = twilioClient(url);
    await client.calls.create({ to: '+15005558102', from: fromNumber, twiml: '<Response/>' });
    const hanging = client.calls.create({ to: '+15009100000', from: fromNumber, twiml: '<Response/>' });
    const refused = expect(hanging).rejects.toThrow();
    await close();
    await refused;
    expect((await start({ port })).port).toBe(port);
  });

  it('the default credentials are well-formed', () => {
    expect(simulatorCredentials.accountSid).toMatch(/^AC[0-9a-f]{32}$/);
    expect(simulatorCredentials.authToken).toMatch(/^[0-9a-f]{32}$/);
  });
});

describe('control paths', () => {
  it('GET /simulator/numbers: the table, without credentials', async () => {
    const { url } = await start();
    const { numbers, showcase } = (await (await fetch(`${url}/simulator/numbers`)).json()) as {
      numbers: { pattern: string }[];
      showcase: unknown[];
    };
    expect(numbers.map(({ pattern }) => pattern)).toContain('+1500555SCCC');
    expect(showcase.length).toBeGreaterThan(9);
  });

  it('GET /simulator/calls: counts dialings per To, From and callback URL, and tells what truly became of them', async () => {
    const simulated = await startSimulatedTwilio();
    const to = '+15009020000';
    const statusCallback = `${simulated.receiver.origin}/status/call-1/1`;
    for (let n = 0; n < 2; n++) {
      await expect(simulated.createCall(to, { statusCallback: `${statusCallback}#rc=5` })).rejects.toThrow();
    }
    await simulated.waitUntilOver(to);
    const answer = await (await fetch(`${simulated.url}/simulator/calls`)).json();
    expect(answer).toMatchObject({
      dialed: [{ to, from: fromNumber, statusCallback, requests: 2, calls: 2 }],
      calls: [
        {
          to,
          from: fromNumber,
          statusCallback: `${statusCallback}#rc=5`,
          status: 'completed',
          sipResponseCode: 200,
        },
        { to, status: 'completed' },
      ],
    });
    await simulated.close();
  });

  it('POST /simulator/reset: calls, counts and everything under way are gone', async () => {
    const simulated = await startSimulatedTwilio();
    await expect(simulated.createCall('+15006200031')).rejects.toThrow();
    await simulated.createCall('+15005558102');
    const { status } = await fetch(`${simulated.url}/simulator/reset`, { method: 'POST' });
    expect(status).toBe(204);
    expect(await (await fetch(`${simulated.url}/simulator/calls`)).json()).toEqual({ dialed: [], calls: [] });
    await expect(simulated.createCall('+15006200031')).rejects.toMatchObject({ code: 20003 });
    const call = await simulated.createCall('+12025550143');
    expect((await simulated.terminalCallbackOf(call.mark)).CallStatus).toBe('completed');
    await simulated.close();
  });

  it('a path that neither Twilio nor the simulator has: 404 with code 20404', async () => {
    const { url } = await start();
    const { accountSid, authToken } = simulatorCredentials;
    const headers = { Authorization: `Basic ${btoa(`${accountSid}:${authToken}`)}` };
    const response = await fetch(`${url}/2010-04-01/Accounts/${accountSid}/Messages.json`, { headers });
    expect([response.status, ((await response.json()) as { code: number }).code]).toEqual([404, 20404]);
  });
});

describe('memory', () => {
  it('more calls than are remembered: the oldest finished ones are forgotten, running ones never', async () => {
    const simulated = await startSimulatedTwilio({ rememberedCalls: 3 });
    const talking = await simulated.createCall('+15005558102', { timeLimit: 86_400 });
    for (let n = 0; n < 4; n++) {
      await simulated.createCall('+15005552486');
      await simulated.waitUntilOver('+15005552486');
    }
    const sids = (await simulated.client.calls.list()).map(({ sid }) => sid);
    expect(sids).toHaveLength(3);
    expect(sids).toContain(talking.sid);
    await simulated.close();
  });
});
