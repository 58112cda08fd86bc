import { randomUUID } from 'node:crypto';
import { Connection } from '@temporalio/client';
import { encodeSearchAttributeIndexedValueType } from '@temporalio/common/lib/search-attributes.js';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { missingSearchAttributes, registerSearchAttributes } from '../../src/temporal/searchAttributes.js';
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
  expect(await missingSearchAttributes(connection, namespace)).toHaveLength(6);
  expect((await registerSearchAttributes(connection, namespace)).sort()).toEqual([
    'RingtrueAttempts',
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
