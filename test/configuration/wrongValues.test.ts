import { describe, expect, it } from 'vitest';
import { complete, faultsOf } from './faultsOf.js';

describe('one variable is wrong: one fault, which names it and says what is right', () => {
  it.each([
    ['PORT', '80a', 'PORT is "80a"; must be a whole number 0..65535 (0: any free port)'],
    ['PORT', '65536', 'PORT is "65536"; must be a whole number 0..65535 (0: any free port)'],
    ['PORT', '-1', 'PORT is "-1"; must be a whole number 0..65535 (0: any free port)'],
    ['PORT', '0x10', 'PORT is "0x10"; must be a whole number 0..65535 (0: any free port)'],
    [
      'RINGTRUE_WORKER_PORT',
      '9.5',
      'RINGTRUE_WORKER_PORT is "9.5"; must be a whole number 0..65535 (0: any free port)',
    ],
    ['HOST', 'a host', 'HOST is "a host"; must be a host name or IP address, such as 127.0.0.1'],
    ['RINGTRUE_CPS', '0', 'RINGTRUE_CPS is "0"; must be a number 0.01..1000'],
    ['RINGTRUE_CPS', '1e3', 'RINGTRUE_CPS is "1e3"; must be a number 0.01..1000'],
    [
      'RINGTRUE_CALLS_IN_FLIGHT',
      '-1',
      'RINGTRUE_CALLS_IN_FLIGHT is "-1"; must be a whole number 0..1000000 of calls (0: any number)',
    ],
    [
      'RINGTRUE_CALLS_PER_NUMBER',
      'one',
      'RINGTRUE_CALLS_PER_NUMBER is "one"; must be a whole number 0..1000000 of calls (0: any number)',
    ],
    [
      'RINGTRUE_CONTACTS_PER_NUMBER',
      '3',
      'RINGTRUE_CONTACTS_PER_NUMBER is "3"; must be calls/seconds, 1..1000 calls within 1..31622400 seconds, such as 3/86400',
    ],
    [
      'RINGTRUE_CONTACTS_PER_NUMBER',
      '0/60',
      'RINGTRUE_CONTACTS_PER_NUMBER is "0/60"; must be calls/seconds, 1..1000 calls within 1..31622400 seconds, such as 3/86400',
    ],
    [
      'RINGTRUE_CALLBACK_WAIT_SECONDS',
      '0',
      'RINGTRUE_CALLBACK_WAIT_SECONDS is "0"; must be a whole number 1..86400 of seconds',
    ],
    [
      'RINGTRUE_POLL_INTERVAL_SECONDS',
      '1m',
      'RINGTRUE_POLL_INTERVAL_SECONDS is "1m"; must be a whole number 1..3600 of seconds',
    ],
    [
      'RINGTRUE_DECIDE_WITHIN_SECONDS',
      '604801',
      'RINGTRUE_DECIDE_WITHIN_SECONDS is "604801"; must be a whole number 1..604800 of seconds',
    ],
    [
      'RINGTRUE_ABSENT_AFTER_SECONDS',
      'soon',
      'RINGTRUE_ABSENT_AFTER_SECONDS is "soon"; must be a whole number 1..86400 of seconds',
    ],
    [
      'RINGTRUE_CALLING_WINDOW',
      '08:00-21:00',
      'RINGTRUE_CALLING_WINDOW is "08:00-21:00", which is not JSON; must be a calling window, such as {"start":"08:00","end":"21:00"}',
    ],
    [
      'RINGTRUE_CALLING_WINDOW',
      '8',
      'RINGTRUE_CALLING_WINDOW is 8; must be an object with start and end, or with ranges',
    ],
    [
      'RINGTRUE_CALLING_WINDOW',
      '{"ranges":[{"start":"8:00","end":"21:00"}]}',
      'RINGTRUE_CALLING_WINDOW is not right: ranges.0.start is "8:00"; must be a local time HH:MM, 00:00..23:59',
    ],
    [
      'RINGTRUE_ELIGIBILITY_URL',
      'https://user:hidden@crm.example.com',
      'RINGTRUE_ELIGIBILITY_URL is set, but not right; must be an http(s) URL without user name and password, such as https://crm.example.com/eligible',
    ],
    ['RINGTRUE_PROGRESS', 'quiet', 'RINGTRUE_PROGRESS is "quiet"; must be signal or store'],
    ['RINGTRUE_DO_NOT_CALL_OPT_OUTS', 'yes', 'RINGTRUE_DO_NOT_CALL_OPT_OUTS is "yes"; must be true or false'],
    [
      'TWILIO_ACCOUNT_SID',
      'AC12',
      'TWILIO_ACCOUNT_SID is "AC12"; must be an account SID: AC and 32 hex digits',
    ],
    [
      'TWILIO_AUTH_TOKEN',
      'two words',
      'TWILIO_AUTH_TOKEN is set, but not right; must be an auth token, without spaces',
    ],
    [
      'TWILIO_FROM',
      '0049301234',
      'TWILIO_FROM is "0049301234"; must be a phone number in E.164: + and 2 to 15 digits, such as +15005550006',
    ],
    [
      'TWILIO_BASE_URL',
      'https://user:password@example.com',
      'TWILIO_BASE_URL is set, but not right; must be an http(s) URL without user name, password and query',
    ],
    [
      'TWILIO_AUTH_TOKEN',
      '"11112222333344445555666677778888',
      'TWILIO_AUTH_TOKEN is set, but not right; must be an auth token, without spaces',
    ],
    [
      'TWILIO_BASE_URL',
      'ftp://example.com',
      'TWILIO_BASE_URL is "ftp://example.com"; must be an http(s) URL without user name, password and query',
    ],
    [
      'RINGTRUE_PUBLIC_URL',
      'calls.example.com',
      'RINGTRUE_PUBLIC_URL is "calls.example.com"; must be an http(s) URL without user name, password and query, under which Twilio reaches the API, such as https://calls.example.com, or none',
    ],
    [
      'RINGTRUE_API_TOKENS',
      'good,not good',
      'RINGTRUE_API_TOKENS has no usable token in entry 2; must be letters, digits and -._~+/=',
    ],
    [
      'DATABASE_URL',
      'mysql://root:hidden@db/x',
      'DATABASE_URL is set, but not right; must be a URL of PostgreSQL: postgres://user:password@host:5432/database',
    ],
    [
      'RINGTRUE_LOG_LEVEL',
      'loud',
      'RINGTRUE_LOG_LEVEL is "loud"; must be one of trace, debug, info, warn, error, fatal',
    ],
    [
      'TEMPORAL_ADDRESS',
      'http://temporal',
      'TEMPORAL_ADDRESS is "http://temporal"; must be host:port, such as localhost:7233',
    ],
    ['TEMPORAL_TLS', 'maybe', 'TEMPORAL_TLS is "maybe"; must be true or false'],
    [
      'TEMPORAL_PROFILE',
      'nowhere',
      "Temporal's configuration (TEMPORAL_…) cannot be used: Profile 'nowhere' not found in config data",
    ],
  ])('%s=%s', (name, value, fault) => {
    expect(faultsOf('api', { ...complete, [name]: value })).toEqual([fault]);
  });

  it.each([
    ['RINGTRUE_TEMPORAL_PORT', '0', 'RINGTRUE_TEMPORAL_PORT is "0"; must be a whole number 1..65535'],
    [
      'RINGTRUE_TEMPORAL_UI_PORT',
      '7233',
      'RINGTRUE_TEMPORAL_PORT and RINGTRUE_TEMPORAL_UI_PORT are both 7233; must differ',
    ],
    [
      'RINGTRUE_SIMULATOR_PORT',
      'x',
      'RINGTRUE_SIMULATOR_PORT is "x"; must be a whole number 0..65535 (0: any free port)',
    ],
  ])('dev: %s=%s', (name, value, fault) => {
    expect(faultsOf('dev', { [name]: value })).toEqual([fault]);
  });
});
