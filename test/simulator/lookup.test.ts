import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { outcomes } from '../../src/simulator/numbers/callCourses.js';
import { lineStatuses, lineTypes, validationErrors } from '../../src/simulator/numbers/lookupChoices.js';
import { type SimulatedTwilio, startSimulatedTwilio, twilioClient } from './simulatedTwilio.js';

let simulated: SimulatedTwilio;
beforeAll(async () => {
  simulated = await startSimulatedTwilio();
});
afterAll(() => simulated.close());

const lookup = (number: string, fields?: string) =>
  simulated.client.lookups.v2.phoneNumbers(number).fetch(fields === undefined ? {} : { fields });

describe("the digits choose Lookup's answer", () => {
  it.each(validationErrors.map(({ digits, effect }) => [`+15008${digits}00000`, effect] as const))(
    '%s: validation error %s',
    async (number, error) => {
      const { valid, validationErrors: errors } = await lookup(number);
      expect({ valid, errors }).toEqual(
        error ? { valid: false, errors: [error] } : { valid: true, errors: null },
      );
    },
  );

  it('+15008701200: valid, and spelled with 0 in place of the 7', async () => {
    expect(await lookup('+15008701200')).toMatchObject({ valid: true, phoneNumber: '+15008001200' });
  });

  it.each(lineTypes.map(({ digits, effect }) => [`+150080${digits}000`, effect] as const))(
    '%s: line type %s',
    async (number, type) => {
      const { lineTypeIntelligence, lineStatus } = await lookup(number, 'line_type_intelligence');
      expect(lineTypeIntelligence).toMatchObject({ type, errorCode: null });
      expect(lineStatus).toBeNull();
    },
  );

  it.each(lineStatuses.map(({ digits, effect }) => [`+15008000${digits}00`, effect] as const))(
    '%s: line status %s',
    async (number, status) => {
      const { lineTypeIntelligence, lineStatus } = await lookup(number, 'line_status');
      expect(lineStatus).toEqual({ status, errorCode: null });
      expect(lineTypeIntelligence).toBeNull();
    },
  );

  it.each(outcomes.map(({ digits, effect }) => [`+1500800000${digits}`, effect] as const))(
    '%s: and a call to it takes its course',
    async (to, course) => {
      const call = await simulated.createCall(to, { timeLimit: 5, machineDetection: 'Enable' });
      const terminal = await simulated.terminalCallbackOf(call.mark);
      expect(terminal.CallStatus).toBe(course.ends);
      expect(terminal.SipResponseCode).toBe(course.sip?.toString());
      expect(terminal.AnsweredBy).toBe(course.ends === 'completed' ? course.pickedUpBy : undefined);
    },
  );
});

describe('Lookup judges other numbers by their shape', () => {
  it.each([
    ['+12025550143', true, null, 'US', '(202) 555-0143'],
    ['+442071838750', true, null, 'GB', '02071838750'],
    ['+37061234567', true, null, null, '061234567'],
    ['+1202555', false, 'TOO_SHORT', null, null],
    ['+120255501430', false, 'TOO_LONG', null, null],
    ['+99912345678', false, 'INVALID_COUNTRY_CODE', null, null],
    ['nonsense', false, 'NOT_A_NUMBER', null, null],
  ])('%s: valid %s, %s', async (number, valid, error, countryCode, nationalFormat) => {
    const found = await lookup(number);
    expect(found.valid).toBe(valid);
    expect(found.validationErrors).toEqual(error === null ? null : [error]);
    expect(found.countryCode).toBe(countryCode);
    if (countryCode) expect(found.nationalFormat).toBe(nationalFormat);
  });
});

describe('trouble with Lookup itself', () => {
  it.each([
    ['+15008000010', { status: 404, code: 20404 }],
    ['+15008000040', { status: 503 }],
    ['+15008000060', { code: 'ECONNRESET' }],
    ['+15008000090', { status: 429, code: 20429 }],
    ['+15008000080', { status: 403, code: 60600 }],
    ['+15008001080', { status: 403, code: 60601 }],
    ['+15008016080', { status: 429, code: 60616 }],
    ['+15008018080', { status: 400, code: 60618 }],
  ])('%s: always %j', async (number, error) => {
    await expect(lookup(number)).rejects.toMatchObject(error);
    await expect(lookup(number)).rejects.toMatchObject(error);
  });

  it.each([
    ['+15008000020', 1, { status: 429, code: 20429 }],
    ['+15008000030', 2, { status: 500, code: 20500 }],
  ])('%s: goes wrong %d times, then answers', async (number, times, error) => {
    for (let n = 0; n < times; n++) await expect(lookup(number)).rejects.toMatchObject(error);
    expect((await lookup(number)).valid).toBe(true);
  });

  it('no answer ever: the client gives up', async () => {
    const asking = twilioClient(simulated.url, 200).lookups.v2.phoneNumbers('+15008000050').fetch();
    await expect(asking).rejects.toMatchObject({ code: 'ECONNABORTED' });
  });

  it.each([
    '00',
    '01',
    '06',
    '07',
    '08',
    '09',
    '10',
    '11',
    '12',
    '13',
    '14',
    '16',
    '17',
    '18',
    '19',
    '20',
    '21',
  ])('a package fails with 606%s inside a 200', async (code) => {
    const found = await lookup(`+150080${code}070`, 'line_type_intelligence,line_status');
    expect(found.valid).toBe(true);
    expect(found.lineTypeIntelligence).toMatchObject({ type: null, errorCode: Number(`606${code}`) });
    expect(found.lineStatus).toEqual({ status: null, errorCode: Number(`606${code}`) });
  });

  it('an unknown name in Fields: 400 with 60200', async () => {
    await expect(lookup('+12025550143', 'mood')).rejects.toMatchObject({ status: 400, code: 60200 });
  });

  it('a package that the simulator does not have: not covered, 60600', async () => {
    expect((await lookup('+12025550143', 'sim_swap')).simSwap).toMatchObject({ errorCode: 60600 });
  });
});
