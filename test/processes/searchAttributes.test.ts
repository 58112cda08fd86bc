import { randomUUID } from 'node:crypto';
import { Connection } from '@temporalio/client';
import { encodeSearchAttributeIndexedValueType } from '@temporalio/common/lib/search-attributes.js';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { Readiness } from '../../src/process/readiness.js';
import {
  missingSearchAttributes,
  type OperatorConnection,
  registerSearchAttributes,
} from '../../src/temporal/searchAttributes.js';
import { ensureSearchAttributes } from '../../src/temporal/temporalClient.js';
import { until } from '../support/ringtrueProcess.js';

let connection: Connection;
beforeAll(async () => {
  connection = await Connection.connect({ address: inject('temporalAddress') });
});
afterAll(() => connection.close());

/** A namespace as an operator makes it: without any attribute of ours. */
async function newNamespace(): Promise<string> {
  const namespace = `namespace-${randomUUID()}`;
  await connection.workflowService.registerNamespace({
    namespace,
    workflowExecutionRetentionPeriod: { seconds: 86_400 as never },
  });
  await until(() =>
    missingSearchAttributes(connection, namespace).then(
      () => true,
      () => false,
    ),
  );
  return namespace;
}

it('a namespace without them: they are registered, and only once', async () => {
  const namespace = await newNamespace();
  expect(await missingSearchAttributes(connection, namespace)).toHaveLength(7);
  expect((await registerSearchAttributes(connection, namespace)).sort()).toEqual([
    'RingtrueAttempts',
    'RingtrueBatch',
    'RingtrueCallSid',
    'RingtrueErrorCode',
    'RingtrueOutcome',
    'RingtrueState',
    'RingtrueTo',
  ]);
  expect(await registerSearchAttributes(connection, namespace)).toEqual([]);
});

it('two processes register at the same time: both are content', async () => {
  const namespace = await newNamespace();
  await Promise.all([1, 2, 3].map(() => registerSearchAttributes(connection, namespace)));
  expect(await missingSearchAttributes(connection, namespace)).toEqual([]);
});

it('one is there with another type: said which, and what it must be', async () => {
  const namespace = await newNamespace();
  const type = encodeSearchAttributeIndexedValueType('TEXT') ?? 0;
  await connection.operatorService.addSearchAttributes({ namespace, searchAttributes: { RingtrueTo: type } });
  await expect(registerSearchAttributes(connection, namespace)).rejects.toThrow(
    'RingtrueTo (must be Keyword)',
  );
});

describe('a namespace where this program may register nothing', () => {
  /** As Temporal Cloud answers. */
  const forbidding: OperatorConnection = {
    withDeadline: (deadline, work) => connection.withDeadline(deadline, work),
    get operatorService() {
      return Object.assign(Object.create(connection.operatorService), {
        addSearchAttributes: () => Promise.reject(new Error('Request unauthorized.')),
      });
    },
  };
  const trying = async (namespace: string) => {
    const messages: string[] = [];
    const readiness = new Readiness();
    const stop = new AbortController();
    const settled = ensureSearchAttributes(forbidding, {
      temporal: { namespace } as never,
      log: {
        info: () => {},
        warn: (text: string) => void messages.push(text),
        error: (text: string) => {
          messages.push(text);
          stop.abort();
        },
      } as never,
      readiness,
      signal: stop.signal,
    });
    return { goesOn: await settled.then(...yesOrNo), messages };
  };
  const yesOrNo = [() => true, () => false] as const;

  it('set up for an older ringtrue, so that only RingtrueBatch is missing: said, and calls go on', async () => {
    const namespace = await newNamespace();
    const older = Object.entries({ To: 2, State: 2, Outcome: 2, CallSid: 2, ErrorCode: 3, Attempts: 3 });
    await connection.operatorService.addSearchAttributes({
      namespace,
      searchAttributes: Object.fromEntries(older.map(([name, type]) => [`Ringtrue${name}`, type])),
    });
    expect(await trying(namespace)).toEqual({
      goesOn: true,
      messages: [expect.stringContaining('RingtrueBatch could not be registered')],
    });
  });

  it('without any of them: nothing is worked on', async () => {
    expect(await trying(await newNamespace())).toMatchObject({ goesOn: false });
  });
});
