import type { HttpBindings } from '@hono/node-server';
import type { Client } from '@temporalio/client';
import type { Context } from 'hono';
import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import type { OutcomeStore } from '../../../activities/store/outcomeStore.js';
import type { DialLimits } from '../../../activities/store/placements/dialLimits.js';
import type { RetryPolicy } from '../../../workflows/callRequest.js';
import type { ProgressMode } from '../../../workflows/rules/twilioStatus.js';
import type { ApiMetrics } from './apiMetrics.js';
import type { RateLimits } from './rateLimit.js';

/** What the API needs of the process around it. */
export interface ApiDependencies {
  /** May connect lazily: the API comes up, and says 503, while Temporal is away. */
  temporal: Client;
  store: OutcomeStore;
  /** Task queue of `outboundCall`. */
  taskQueue: string;
  /** Origin, and path prefix if any, under which Twilio reaches this API; signatures are checked against it. */
  publicUrl: string;
  /** The account whose dialing is shown and controlled. */
  accountSid: string;
  /** The limits with which the workers are configured; absent: not known here. */
  dialLimits?: DialLimits;
  /** Auth tokens that may have signed a callback: the primary one and, while rotating, the secondary. */
  twilioAuthTokens: string[];
  /** Bearer tokens of the calls API; empty: open to everybody on this machine. */
  apiTokens: string[];
  /** What differs from the standard ones. */
  rateLimits?: Partial<RateLimits>;
  /** What calls hear of their progress. */
  progress: ProgressMode;
  /** The retry policies of now, by name. */
  policies: () => Record<string, RetryPolicy>;
  /** `TWILIO_FROM`. */
  defaultFrom: string | null;
  /** Whether the process can serve, and what each check found. */
  readiness: () => Promise<{ ready: boolean; checks: Record<string, string> }>;
  /** The API's metrics are registered there; `GET /metrics` shows everything in it. */
  metrics: Registry;
  log: Logger;
  /** For the front page. */
  temporalUiUrl?: string;
  /** Aborted when the server is to stop: whoever waits for a call is answered with how it stands. */
  stopping?: AbortSignal;
}

/** The dependencies as the handlers see them. */
export interface ApiTools extends ApiDependencies {
  rateLimits: RateLimits;
  measures: ApiMetrics;
}

export interface ApiEnv {
  /** Absent when a request is handed to the app without a server. */
  Bindings: Partial<HttpBindings>;
  Variables: {
    requestId: string;
    /** Whose bearer token it was; absent where no tokens are set. */
    client?: string;
  };
}

export type ApiContext = Context<ApiEnv>;
