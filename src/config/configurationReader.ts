import { accessSync, constants } from 'node:fs';
import { isIP } from 'node:net';
import { resolve } from 'node:path';
import { type ClientConnectConfig, loadClientConnectConfig } from '@temporalio/envconfig';
import type { DoNotCallSettings, NotifySettings } from '../../activities/deps/activitySettings.js';
import { breakerRule, type DialLimits } from '../../activities/store/placements/dialLimits.js';
import type { TwilioSettings } from '../../activities/twilio/twilioClient.js';
import { derivedNotifySecret } from '../../activities/webhooks/notifySecret.js';
import { isPublicAddress } from '../../activities/webhooks/publicAddress.js';
import type { EncryptionKey } from '../encryption/encryptionKeys.js';
import type { AccountSource } from './accounts/liveAccounts.js';
import { readAccounts } from './accounts/readAccounts.js';
import { certificateFiles, parseDatabaseUrl, withRootCertificate } from './databaseUrl.js';
import { egressProxy } from './egressProxy.js';
import { type Environment, isQuoted, readVariables, setVariables } from './environment.js';
import { isLoopback } from './isLoopback.js';
import { builtInPolicies, readPolicies } from './policies.js';

/** The configuration cannot be used. The message names every fault. The process exits with status 2. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';
  constructor(readonly faults: readonly string[]) {
    const count = faults.length === 1 ? 'one fault' : `${faults.length} faults`;
    super(
      `The configuration has ${count}:\n${faults.map((fault) => `  - ${fault}`).join('\n')}\n` +
        'Every variable is described in docs/configuration.md.',
    );
  }
}

export interface TemporalSettings {
  connection: ClientConnectConfig['connectionOptions'];
  namespace: string;
  /** `host:port`, for messages. */
  address: string;
}

/** What every process needs. */
export interface CommonConfiguration {
  logLevel: string;
  /** Values that the log hides. */
  secrets: string[];
  dataDirectory: string;
  temporal: TemporalSettings;
  taskQueue: string;
  /** The first one encrypts what goes to Temporal. Empty: nothing is encrypted. */
  encryptionKeys: readonly EncryptionKey[];
  /** Calls that ended so long ago are purged; null: none. */
  retentionDays: number | null;
}

/** Reads variables and collects their faults, so that one message can name all of them. */
export class ConfigurationReader {
  readonly set: Record<string, string>;
  readonly values: Environment;
  /** Without the values that have quotes around them, which are faults already. */
  readonly #unquoted: Record<string, string>;
  readonly #faults: string[] = [];

  constructor(env: NodeJS.ProcessEnv) {
    this.set = setVariables(env);
    this.#unquoted = Object.fromEntries(Object.entries(this.set).filter(([, text]) => !isQuoted(text)));
    const { values, faults } = readVariables(this.set);
    this.values = values;
    this.#faults.push(...faults);
  }

  fault(fault: string): void {
    this.#faults.push(fault);
  }

  required(name: 'DATABASE_URL' | 'TWILIO_ACCOUNT_SID' | 'TWILIO_AUTH_TOKEN', right: string): string {
    if (this.set[name] === undefined) this.fault(`${name} is missing; must be ${right}`);
    return this.values[name] ?? '';
  }

  /** Null if `DATABASE_URL` is not set. Names every file in it that cannot be read. */
  databaseUrl(): string | null {
    const url = this.values.DATABASE_URL;
    if (url === undefined) return null;
    const complete = withRootCertificate(url, this.#unquoted.PGSSLROOTCERT);
    for (const [parameter, file] of certificateFiles(complete)) {
      const source = certificateFiles(url).some(([name]) => name === parameter)
        ? `DATABASE_URL names ${parameter}=${file}`
        : `PGSSLROOTCERT is ${file}`;
      this.#checkPemFile(source, file);
    }
    return complete;
  }

  #checkPemFile(source: string, file: string): void {
    try {
      accessSync(file, constants.R_OK);
    } catch (error) {
      this.fault(`${source}, which cannot be read: ${(error as Error).message}; must be a PEM file`);
    }
  }

  requiredDatabaseUrl(): string {
    this.required(
      'DATABASE_URL',
      'the PostgreSQL database of the outcome store: postgres://user:password@host:5432/database',
    );
    return this.databaseUrl() ?? '';
  }

  common(): CommonConfiguration {
    return {
      logLevel: this.values.RINGTRUE_LOG_LEVEL ?? 'info',
      secrets: this.secrets(),
      dataDirectory: resolve(this.values.RINGTRUE_DATA_DIR ?? '.ringtrue'),
      temporal: this.temporal(),
      taskQueue: this.values.RINGTRUE_TASK_QUEUE ?? 'outbound-calls',
      encryptionKeys: this.values.RINGTRUE_ENCRYPTION_KEYS ?? [],
      retentionDays: this.values.RINGTRUE_RETENTION_DAYS ?? null,
    };
  }

  temporal(): TemporalSettings {
    const tls = this.#unquoted.TEMPORAL_TLS;
    // Temporal's own reader takes any other word for "not set", and would then send everything unencrypted.
    if (tls !== undefined && !/^(true|false|1|0)$/i.test(tls))
      this.fault(`TEMPORAL_TLS is ${JSON.stringify(tls)}; must be true or false`);
    for (const [one, other] of [
      ['CERT', 'KEY'],
      ['KEY', 'CERT'],
    ] as const)
      if (this.hasTls(one) && !this.hasTls(other))
        this.fault(
          `TEMPORAL_TLS_CLIENT_${other}_PATH (or _DATA) is missing; must be set, since the client's ${one.toLowerCase()} is`,
        );
    try {
      const { connectionOptions, namespace } = loadClientConnectConfig({ overrideEnvVars: this.#unquoted });
      const address = connectionOptions.address ?? 'localhost:7233';
      if (!isHostAndPort(address))
        this.fault(
          `TEMPORAL_ADDRESS is ${JSON.stringify(address)}; must be host:port, such as localhost:7233`,
        );
      return { connection: { ...connectionOptions, address }, namespace: namespace ?? 'default', address };
    } catch (error) {
      this.fault(`Temporal's configuration (TEMPORAL_…) cannot be used: ${(error as Error).message}`);
      return { connection: {}, namespace: 'default', address: '' };
    }
  }

  private hasTls(part: 'CERT' | 'KEY'): boolean {
    return [`TEMPORAL_TLS_CLIENT_${part}_PATH`, `TEMPORAL_TLS_CLIENT_${part}_DATA`].some(
      (name) => this.set[name],
    );
  }

  /** Null if there are no credentials, which is a fault if they are `required`. */
  twilio(need: 'required' | 'optional'): { settings: TwilioSettings; authTokens: string[] } | null {
    const { set, values } = this;
    const anyCredential = Object.keys(set).some((name) =>
      /^TWILIO_(ACCOUNT_SID|AUTH_TOKEN|AUTH_TOKEN_SECONDARY|API_KEY|API_SECRET|BASE_URL)$/.test(name),
    );
    if (need === 'optional' && !anyCredential) return null;
    const without =
      need === 'optional' ? ' (or leave out all of Twilio’s credentials, to use the simulator)' : '';
    const accountSid = this.required('TWILIO_ACCOUNT_SID', `the account SID: AC and 32 hex digits${without}`);
    const authToken = this.required(
      'TWILIO_AUTH_TOKEN',
      `the account's auth token: it checks the signatures of callbacks${without}`,
    );
    for (const [one, other] of [
      ['TWILIO_API_KEY', 'TWILIO_API_SECRET'],
      ['TWILIO_API_SECRET', 'TWILIO_API_KEY'],
    ] as const)
      if (set[one] && !set[other])
        this.fault(`${other} is missing; must be set, since ${one} is (or unset both)`);
    const { TWILIO_CA_BUNDLE: bundle } = this.#unquoted;
    if (bundle !== undefined) this.#checkPemFile(`TWILIO_CA_BUNDLE is ${bundle}`, bundle);
    if (isTwilio(set.TWILIO_BASE_URL)) for (const fault of this.#publicUrlFaults()) this.fault(fault);
    for (const name of ['TWILIO_REGION', 'TWILIO_EDGE'] as const)
      if (set[name] && set.TWILIO_BASE_URL)
        this.fault(`${name} has no effect, since TWILIO_BASE_URL is set; must be unset (or unset the other)`);
    const { TWILIO_API_KEY: key, TWILIO_API_SECRET: secret } = values;
    return {
      settings: {
        accountSid,
        username: key ?? accountSid,
        password: (key && secret) ?? authToken,
        baseUrl: values.TWILIO_BASE_URL ?? null,
        region: values.TWILIO_REGION ?? null,
        edge: values.TWILIO_EDGE ?? null,
        proxyUrl: this.#proxyUrl(values.TWILIO_BASE_URL ?? null, (fault) => this.fault(fault)),
      },
      authTokens: [
        authToken,
        ...(values.TWILIO_AUTH_TOKEN_SECONDARY ? [values.TWILIO_AUTH_TOKEN_SECONDARY] : []),
      ],
    };
  }

  /**
   * The accounts besides the main one. An entry without a `baseUrl` of its own goes where the main account goes, and has
   * the main account's limits unless it has others.
   */
  accounts(
    main: Pick<TwilioSettings, 'accountSid' | 'baseUrl' | 'region' | 'edge'>,
    { callsPerSecond, callsInFlight }: Pick<DialLimits, 'callsPerSecond' | 'callsInFlight'>,
  ): AccountSource {
    const path = this.values.RINGTRUE_ACCOUNTS ?? null;
    const connectionOf = (own: string | null) => {
      const baseUrl = own ?? main.baseUrl;
      const faults = isTwilio(baseUrl ?? undefined) ? this.#publicUrlFaults() : [];
      const location =
        baseUrl === null
          ? { region: main.region ?? null, edge: main.edge ?? null }
          : { region: null, edge: null };
      const proxyUrl = this.#proxyUrl(baseUrl, (fault) => faults.push(fault));
      return { connection: { baseUrl, ...location, proxyUrl }, faults };
    };
    const defaults = { mainAccountSid: main.accountSid, callsPerSecond, callsInFlight, connectionOf };
    const read = path === null ? { accounts: new Map() } : readAccounts(path, defaults);
    if ('faults' in read) for (const fault of read.faults) this.fault(fault);
    return { path, defaults, atStart: 'accounts' in read ? read.accounts : new Map() };
  }

  /** The proxy for requests to Twilio. Null: none. Requests to an http URL never use one. */
  #proxyUrl(baseUrl: string | null, report: (fault: string) => void): string | null {
    const target = new URL(baseUrl ?? 'https://api.twilio.com');
    const proxy = target.protocol === 'https:' ? egressProxy(target.hostname, this.#unquoted) : null;
    if (proxy === null) return null;
    if (/^https?:\/\//i.test(proxy.url) && URL.canParse(proxy.url)) return proxy.url;
    // It may hold a password.
    report(
      `${proxy.name} is set, but not right; must be an http(s) URL such as http://proxy.internal:3128 (or name ${target.hostname} in NO_PROXY)`,
    );
    return null;
  }

  /** Twilio refuses to create a call whose status callback leads to a host that is not public. */
  #publicUrlFaults(): string[] {
    const right =
      'the URL under which Twilio reaches the API, such as https://calls.example.com (or none: then there are no callbacks, and every call is decided by polling)';
    if (!this.set.RINGTRUE_PUBLIC_URL) return [`RINGTRUE_PUBLIC_URL is missing; must be ${right}`];
    const publicUrl = this.values.RINGTRUE_PUBLIC_URL;
    const trouble = publicUrl === undefined || publicUrl === 'none' ? null : whyNotPublic(publicUrl);
    return trouble === null ? [] : [`RINGTRUE_PUBLIC_URL is ${publicUrl}, and ${trouble}; must be ${right}`];
  }

  /** The settings of the API: those of `http`. An API that other machines can reach must have tokens. */
  api() {
    const http = this.http();
    if (this.set.RINGTRUE_API_TOKENS) return http;
    const right = 'must be set, so that strangers cannot place calls';
    if (!isLoopback(http.host))
      this.fault(
        `HOST is ${http.host}, beyond this machine, and RINGTRUE_API_TOKENS is missing; ${right} (or leave HOST at 127.0.0.1${isIP(http.host) === 0 ? '. Conda and some shells set HOST: then unset it' : ''})`,
      );
    // Something passes requests from there on to this port, and may pass on more than Twilio's callbacks.
    if (http.publicUrl !== null && !isLoopback(new URL(http.publicUrl).hostname))
      this.fault(
        `RINGTRUE_PUBLIC_URL is ${http.publicUrl}, beyond this machine, and RINGTRUE_API_TOKENS is missing; ${right}`,
      );
    return http;
  }

  http() {
    const host = this.values.HOST ?? '127.0.0.1';
    const apiTokens = this.values.RINGTRUE_API_TOKENS ?? [];
    const publicUrl = this.values.RINGTRUE_PUBLIC_URL ?? null;
    const fromFile = this.values.RINGTRUE_POLICIES ? readPolicies(this.values.RINGTRUE_POLICIES) : null;
    if (fromFile && 'faults' in fromFile) for (const fault of fromFile.faults) this.fault(fault);
    return {
      host,
      port: this.values.PORT ?? 3000,
      publicUrl: publicUrl === 'none' ? null : publicUrl,
      callbacks: publicUrl !== 'none',
      apiTokens,
      temporalUiUrl: this.values.RINGTRUE_TEMPORAL_UI_URL ?? null,
      progress: this.values.RINGTRUE_PROGRESS ?? 'signal',
      codecOrigins: this.values.RINGTRUE_CODEC_ORIGINS ?? [],
      requestsPerSecond: this.values.RINGTRUE_API_RATE ?? 1000,
      policies: {
        path: this.values.RINGTRUE_POLICIES ?? null,
        atStart: fromFile && 'policies' in fromFile ? fromFile.policies : { ...builtInPolicies },
      },
      defaultFrom: this.values.TWILIO_FROM ?? null,
    };
  }

  /** The account's limits. Workers apply them, and the API shows them. */
  dialLimits(callsPerSecond: number): DialLimits {
    const { values } = this;
    return {
      callsPerSecond: values.RINGTRUE_CPS ?? callsPerSecond,
      callsInFlight: values.RINGTRUE_CALLS_IN_FLIGHT || null,
      callsPerNumber: (values.RINGTRUE_CALLS_PER_NUMBER ?? 1) || null,
      contactsPerNumber: values.RINGTRUE_CONTACTS_PER_NUMBER ?? null,
    };
  }

  callSettings(defaults: {
    callsPerSecond: number;
    callbackWait: number;
    pollInterval: number;
    absentAfter: number;
    rememberInvalid: number;
  }) {
    const { values } = this;
    return {
      ...this.dialLimits(defaults.callsPerSecond),
      rememberInvalidSeconds: values.RINGTRUE_REMEMBER_INVALID_SECONDS ?? defaults.rememberInvalid,
      breaker: breakerRule,
      callbackWaitSeconds: values.RINGTRUE_CALLBACK_WAIT_SECONDS ?? defaults.callbackWait,
      pollIntervalSeconds: values.RINGTRUE_POLL_INTERVAL_SECONDS ?? defaults.pollInterval,
      decideWithinSeconds: values.RINGTRUE_DECIDE_WITHIN_SECONDS ?? 3600,
      absentAfterSeconds: values.RINGTRUE_ABSENT_AFTER_SECONDS ?? defaults.absentAfter,
      callingWindow: values.RINGTRUE_CALLING_WINDOW ?? null,
      destinations: values.RINGTRUE_DESTINATIONS ?? null,
    };
  }

  /**
   * Notifications are always signed: with the configured secrets, else with one derived from each auth token,
   * so that receivers accept them while a token is rotated.
   */
  notify(authTokens: readonly string[], allowPrivate: boolean): NotifySettings {
    const { RINGTRUE_NOTIFY_SECRETS: secrets, RINGTRUE_NOTIFY_PRIVATE: privateAllowed } = this.values;
    return {
      secrets: secrets ?? authTokens.map(derivedNotifySecret),
      allowPrivate: privateAllowed ?? allowPrivate,
    };
  }

  doNotCall(): DoNotCallSettings {
    return {
      eligibilityUrl: this.values.RINGTRUE_ELIGIBILITY_URL ?? null,
      addOptOuts: this.values.RINGTRUE_DO_NOT_CALL_OPT_OUTS ?? false,
    };
  }

  secrets(): string[] {
    const { values, set } = this;
    const password = parseDatabaseUrl(values.DATABASE_URL ?? '')?.password;
    const ownSecrets = [
      values.TWILIO_AUTH_TOKEN,
      values.TWILIO_AUTH_TOKEN_SECONDARY,
      values.TWILIO_API_SECRET,
      set.TEMPORAL_API_KEY,
      ...(values.RINGTRUE_API_TOKENS ?? []).map(({ token }) => token),
      ...(values.RINGTRUE_NOTIFY_SECRETS ?? []),
      ...(values.RINGTRUE_ENCRYPTION_KEYS ?? []).map(({ key }) => key.toString('base64')),
      // As they are written.
      ...(set.RINGTRUE_ENCRYPTION_KEYS ?? '').split(',').map((entry) => entry.split(':').at(-1)?.trim()),
      ...(password ? [password, decoded(password)] : []),
      ...proxyPasswords(set),
      // As requests to Twilio carry them.
      ...[
        [values.TWILIO_ACCOUNT_SID, values.TWILIO_AUTH_TOKEN],
        [values.TWILIO_API_KEY, values.TWILIO_API_SECRET],
      ]
        .filter((credentials) => !credentials.includes(undefined))
        .map((credentials) => Buffer.from(credentials.join(':')).toString('base64')),
    ];
    return [...new Set(ownSecrets)].filter(
      (secret): secret is string => secret !== undefined && secret !== '',
    );
  }

  done<T>(configuration: T): T {
    if (this.#faults.length > 0) throw new ConfigurationError([...new Set(this.#faults)]);
    return configuration;
  }
}

function isHostAndPort(address: string): boolean {
  const port = /^(?:[^\s/:]+|\[[0-9a-fA-F:]+\]):(\d{1,5})$/.exec(address)?.[1];
  return port !== undefined && Number(port) >= 1 && Number(port) <= 65_535;
}

/** The passwords in the URLs of proxies. */
function proxyPasswords(set: Record<string, string>): string[] {
  return Object.entries(set).flatMap(([name, url]) => {
    const password = /_proxy$/i.test(name) && URL.canParse(url) ? new URL(url).password : '';
    return password === '' ? [] : [password, decoded(password)];
  });
}

/** Without percent-encoding; unchanged if that is malformed. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Do requests go to Twilio itself, on any of its hosts? Then Twilio must be able to reach the API. */
function isTwilio(baseUrl: string | undefined): boolean {
  return !baseUrl || (URL.canParse(baseUrl) && /(^|\.)twilio\.com$/i.test(new URL(baseUrl).hostname));
}

/** Why Twilio cannot reach this URL, as far as the URL itself tells; null if it may. Nothing is looked up. */
export function whyNotPublic(url: string): string | null {
  const host = new URL(url).hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
  if (isIP(host) !== 0 && !isPublicAddress(host)) return 'Twilio cannot reach a private address';
  if (isIP(host) !== 0) return null;
  // Source: RFC 6761, RFC 8375, and names that routers hand out.
  if (
    !host.includes('.') ||
    /\.(localhost|local|localdomain|internal|lan|home|home\.arpa|corp|test|invalid)$/.test(host)
  )
    return 'Twilio cannot reach a local name';
  if (host.split('.').includes('')) return 'it has an empty label';
  // Source: Twilio error 21609.
  return host.includes('_') ? 'Twilio refuses host names with an underscore' : null;
}
