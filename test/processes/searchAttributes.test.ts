import { randomUUID } from 'node:crypto';
import { Connection } from '@temporalio/client';
import { encodeSearchAttributeIndexedValueType } from '@temporalio/common/lib/search-attributes.js';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
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

it('a namespace without search attributes: registers them, and only once', async () => {
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

it('two processes register at the same time: both succeed', async () => {
  const namespace = await newNamespace();
  await Promise.all([1, 2, 3].map(() => registerSearchAttributes(connection, namespace)));
  expect(await missingSearchAttributes(connection, namespace)).toEqual([]);
});

it('a search attribute has another type: names it and the right type', async () => {
  const namespace = await newNamespace();
  const type = encodeSearchAttributeIndexedValueType('TEXT') ?? 0;
  await connection.operatorService.addSearchAttributes({ namespace, searchAttributes: { RingtrueTo: type } });
  await expect(registerSearchAttributes(connection, namespace)).rejects.toThrow(
    'RingtrueTo (must be Keyword)',
  );
});

it('other programs occupy every slot: names what to remove; after that all are registered', async () => {
  const namespace = await newNamespace();
  const type = encodeSearchAttributeIndexedValueType('KEYWORD') ?? 0;
  const others = [1, 2, 3, 4, 5, 6, 7, 8].map((n) => `Theirs${n}`);
  await connection.operatorService.addSearchAttributes({
    namespace,
    searchAttributes: Object.fromEntries(others.map((name) => [name, type])),
  });
  await until(async () => {
    const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
    return others.every((name) => name in (customAttributes ?? {}));
  });
  const { goesOn, messages } = await ensure(connection, namespace);
  expect(goesOn).toBe(false);
  expect(messages[0]).toMatch(
    /no slot of type Keyword left for .*RingtrueTo.* Other programs have these of that type: Theirs1, .*Theirs8\. Remove some.*search-attribute remove/,
  );
  expect(messages[0]).not.toContain('search-attribute create');
  await connection.operatorService.removeSearchAttributes({
    namespace,
    searchAttributes: others.slice(0, 5),
  });
  await until(() =>
    registerSearchAttributes(connection, namespace).then(
      () => true,
      () => false,
    ),
  );
  expect(await missingSearchAttributes(connection, namespace)).toEqual([]);
});

/** Temporal, except that these requests are answered so. */
function answering(answers: object): OperatorConnection {
  return {
    withDeadline: (deadline, work) => connection.withDeadline(deadline, work),
    get operatorService() {
      return Object.assign(Object.create(connection.operatorService), answers);
    },
  };
}

const denied = () =>
  Promise.reject(
    Object.assign(new Error('7 PERMISSION_DENIED: Request unauthorized.'), {
      code: 7,
      details: 'Request unauthorized.',
      metadata: {},
    }),
  );

/** Stops at the first error that is logged. */
async function ensure(operator: OperatorConnection, namespace: string) {
  const messages: string[] = [];
  const readiness = new Readiness();
  const stop = new AbortController();
  const ensured = ensureSearchAttributes(operator, {
    temporal: { namespace, address: 'temporal:7233' } as never,
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
  const goesOn = await ensured.then(
    () => true,
    () => false,
  );
  return { goesOn, messages };
}

it('registering is forbidden, and one is missing: no work, and says how to register it', async () => {
  const namespace = await newNamespace();
  const { goesOn, messages } = await ensure(answering({ addSearchAttributes: denied }), namespace);
  expect(goesOn).toBe(false);
  expect(messages[0]).toMatch(/not registered: Request unauthorized\. .*--name RingtrueTo --type Keyword/);
});

it('listing is forbidden: goes on, and warns', async () => {
  const operator = answering({ listSearchAttributes: denied, addSearchAttributes: denied });
  expect(await ensure(operator, 'default')).toEqual({
    goesOn: true,
    messages: [expect.stringContaining('does not let ringtrue list the search attributes')],
  });
});

it('there is no such namespace: says so, and names the variable', async () => {
  const { goesOn, messages } = await ensure(connection, 'nope');
  expect(goesOn).toBe(false);
  expect(messages[0]).toContain('has no namespace nope. Is TEMPORAL_NAMESPACE right?');
  expect(messages[0]).not.toContain('search-attribute');
});
