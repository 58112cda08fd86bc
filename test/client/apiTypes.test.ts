import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { openApiDocument } from '../../src/api/openApiDocument.js';
import { routes } from '../../src/api/routes.js';
import type { CallRequest, CallState, DryRun } from '../../src/client/ringtrue.js';
import { type OpenApiDocument, typesOfApi } from './typesOfApi.js';

it('types of the client: those of the OpenAPI document', async () => {
  const path = fileURLToPath(new URL('../../src/client/apiTypes.ts', import.meta.url));
  const document = openApiDocument(routes, true) as OpenApiDocument;
  await expect(typesOfApi(document)).toMatchFileSnapshot(path);
});

it('words of a later version: no error of the compiler in answers, one in requests', () => {
  const state: CallState['state'] = 'parked';
  const isKnown = (word: CallState['state']) => word === 'ringing' || word === 'parked';
  expect(isKnown(state)).toBe(true);
  // @ts-expect-error: no such mode.
  const mode: CallRequest['machineDetection'] = 'maybe';
  // @ts-expect-error: ringtrue sets it itself.
  const set: CallRequest = { to: '+15005551200', twilio: { StatusCallback: 'https://a.example' } };
  // @ts-expect-error: a request has a destination.
  const without: DryRun['request'] = { twiml: '<Response/>' };
  expect([mode, set, without]).toHaveLength(3);
});
