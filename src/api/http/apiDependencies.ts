import type { HttpBindings } from '@hono/node-server';
import type { Client } from '@temporalio/client';
import type { Context, MiddlewareHandler } from 'hono';
import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import type { FurtherAccounts } from '../../../activities/accounts/account.js';
import type { CallRules } from '../../../activities/deps/activitySettings.js';
import type { OutcomeStore } from '../../../activities/store/outcomeStore.js';
import type { DialLimits } from '../../../activities/store/placements/dialLimits.js';
import type { RetryPolicy } from '../../../workflows/callRequest.js';
import type { ProgressMode } from '../../../workflows/rules/twilioStatus.js';
import type { ApiToken, Role } from '../../config/apiTokens.js';
import type { PayloadEncryption } from '../../encryption/payloadEncryption.js';
import type { ApiMetrics } from './apiMetrics.js';
import type { RateLimits } from './rateLimits.js';

/** What the API needs from its process. */
export interface ApiDependencies {
  /** May connect lazily: while Temporal is not available, the API runs and answers 503. */
  temporal: Client;
  /** How the client of Temporal encrypts. Absent: not at all. */
  encryption?: Pick<PayloadEncryption, 'keys' | 'codec' | 'hiding'>;
  store: OutcomeStore;
  /** Task queue of `outboundCall`. */
  taskQueue: string;
  /**
   * Origin and optional path prefix under which Twilio reaches this API. Signatures are checked against it.
   * Null: Twilio cannot reach it.
   */
  publicUrl: string | null;
  /** The main account. */
  accountSid: string;
  /** The accounts besides the main one. */
  accounts: FurtherAccounts;
  /** The limits with which the workers are configured; absent: not known here. */
  dialLimits?: DialLimits;
  /** The settings by which the workers accept and place calls. */
  rules: CallRules;
  /** Auth tokens of the main account that may have signed a callback: the primary one and, while rotating, the secondary. */
  twilioAuthTokens: string[];
  /** Bearer tokens of the calls API. Empty: the API serves only this machine. */
  apiTokens: ApiToken[];
  /** Origins of web pages that may use the codec: Temporal's UI. Absent: none. */
  codecOrigins?: readonly string[];
  /** Limits that differ from the standard ones. */
  rateLimits?: Partial<RateLimits>;
  /** Whether progress callbacks are signaled or stored. */
  progress: ProgressMode;
  /** The retry policies of now, by name. */
  policies: () => Record<string, RetryPolicy>;
  /** `TWILIO_FROM`. */
  defaultFrom: string | null;
  /** Whether the process can serve, and the result of each check; with `only` that of one part alone. */
  readiness: (only?: string) => Promise<{ ready: boolean; checks: Record<string, string> }>;
  /** The API registers its metrics there. `GET /metrics` shows the whole registry. */
  metrics: Registry;
  log: Logger;
  /** Where people find Temporal's Web UI: for links of the operations page. */
  temporalUiUrl?: string;
  /** Aborted when the server stops: requests that wait for a call are answered with its current state. */
  stopping?: AbortSignal;
}

/** The dependencies as the handlers see them. */
export interface ApiTools extends ApiDependencies {
  rateLimits: RateLimits;
  measures: ApiMetrics;
  access: Access;
  /** Serves a request of the API itself, such as one that a page makes for a person. It is not logged. */
  inner: (request: Request) => Promise<Response>;
}

/** Who may use the calls API. */
export interface Access {
  /** Refuses everyone else. */
  guard: MiddlewareHandler<ApiEnv>;
  /** Would `guard` let this request through? */
  admits: (c: ApiContext) => boolean;
  /** The client with this token, or the answer to a wrong one. */
  recognize: (c: ApiContext, token: string) => Promise<ApiToken | Response>;
  /** The answer to a client that `guard` let through, but whose token has none of these roles. Null: it has one. */
  refusal: (c: ApiContext, roles: readonly Role[]) => Response | null;
}

export interface ApiEnv {
  /** Absent if a test gives the app a request without a server. */
  Bindings: Partial<HttpBindings> & {
    /** The API itself makes this request. */
    inner?: true;
  };
  Variables: {
    requestId: string;
    /** The name of the bearer token. Absent if no tokens are set. */
    client?: string;
    /** The role of the bearer token. Absent if no tokens are set. */
    role?: Role;
    /** What absolute URLs in answers begin with. Null: with scheme and host of the request. */
    answerBase: string | null;
  };
}

export type ApiContext = Context<ApiEnv>;
