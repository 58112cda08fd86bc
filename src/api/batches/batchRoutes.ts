import type { Route } from '../http/route.js';
import { controlBatchRoutes } from './controlBatch.js';
import { readBatchRoutes } from './readBatch.js';
import { startBatchRoute } from './startBatch.js';
import { startRedialRoute } from './startRedial.js';

export const batchRoutes: Route[] = [
  startBatchRoute,
  ...readBatchRoutes,
  ...controlBatchRoutes,
  startRedialRoute,
];
