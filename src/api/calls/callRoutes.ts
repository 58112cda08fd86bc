import type { Route } from '../http/route.js';
import { controlCallRoutes } from './controlCall.js';
import { listCallsRoute } from './listCalls.js';
import { readCallRoute } from './readCall.js';
import { startCallRoute } from './startCall.js';

export const callRoutes: Route[] = [startCallRoute, listCallsRoute, readCallRoute, ...controlCallRoutes];
