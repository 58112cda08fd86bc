import { batchRoutes } from './batches/batchRoutes.js';
import { bulkRoutes } from './bulk-operations/bulkRoutes.js';
import { callRoutes } from './calls/callRoutes.js';
import { codecRoutes } from './codec/codecRoutes.js';
import { deadLetterRoutes } from './dead-letters/deadLetterRoutes.js';
import { dialingRoutes } from './dialing/dialingRoutes.js';
import { doNotCallRoutes } from './do-not-call/doNotCallRoutes.js';
import { erasureRoutes } from './erasures/erasureRoutes.js';
import { eventRoutes } from './events/eventRoutes.js';
import type { Route } from './http/route.js';
import { invalidNumberRoutes } from './invalid-numbers/invalidNumberRoutes.js';
import { openApiDocument } from './openApiDocument.js';
import { operationRoutes } from './operationRoutes.js';
import { pageRoutes } from './pages.js';
import { schemaRoutes } from './schemas/schemaRoutes.js';
import { statisticsRoutes } from './statistics/statisticsRoutes.js';
import { statusCallbackRoute } from './twilio-webhook/statusCallback.js';

const openApiRoute: Route = {
  method: 'get',
  path: '/openapi.json',
  open: true,
  tag: 'Pages',
  operationId: 'openApi',
  summary: 'Read this document',
  answers: { 200: { description: 'This document.', content: { 'application/json': { schema: {} } } } },
  serve: ({ apiTokens }) => {
    // Written once, because it is large and anyone may ask for it.
    const document = JSON.stringify(openApiDocument(routes, apiTokens.length > 0));
    return (c) => c.body(document, 200, { 'Content-Type': 'application/json' });
  },
};

/** Every route of the API, in the order of the OpenAPI document. */
export const routes: readonly Route[] = [
  ...callRoutes,
  ...batchRoutes,
  ...eventRoutes,
  ...bulkRoutes,
  ...statisticsRoutes,
  ...deadLetterRoutes,
  ...doNotCallRoutes,
  ...invalidNumberRoutes,
  ...erasureRoutes,
  ...dialingRoutes,
  ...codecRoutes,
  statusCallbackRoute,
  ...operationRoutes,
  openApiRoute,
  ...schemaRoutes,
  ...pageRoutes,
];
