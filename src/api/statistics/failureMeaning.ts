import { sipMeaning } from '../../../workflows/rules/sipResponse.js';
import { refusalMeaning } from '../../../workflows/rules/twilioRefusal.js';

/** What a code means, and what helps. */
export interface FailureMeaning {
  /** Null: the code is not known here. */
  meaning: string | null;
  remedy: string | null;
  /** Twilio's page about the code; null if it is not Twilio's. */
  url: string | null;
}

const noRemedy = 'Nothing to repair. A retry policy may dial again later.';
const carrier = 'If many calls to one country or carrier show it, report it to Twilio with the call SIDs.';

/** Codes that Twilio notes about calls that it made. Source: Twilio error dictionary. */
const noted: Record<string, [meaning: string, remedy: string]> = {
  '10004': [
    'Too many calls at once for the account.',
    'Lower RINGTRUE_CALLS_IN_FLIGHT, or ask Twilio for more.',
  ],
  '11200': [
    'Twilio could not fetch the TwiML from its URL.',
    'Check that the URL answers with TwiML within 15 seconds.',
  ],
  '11201': ['Twilio could not connect to the URL in time.', 'Check the URL and its firewall.'],
  '11202': ['The host of the URL refused the connection.', 'Check that the server of the URL runs.'],
  '11203': ['The URL answered too slowly.', 'Make it answer within 15 seconds.'],
  '11205': ['Twilio could not connect to the URL.', 'Check the URL, DNS and firewall.'],
  '11210': ['Twilio could not resolve the host of the URL.', 'Check the host name of the URL.'],
  '11237': [
    'Twilio does not trust the certificate of the URL.',
    'Install a certificate of a public authority, with its chain.',
  ],
  '11750': ['The TwiML is too large.', 'Make the document smaller.'],
  '12100': ['The TwiML is not well-formed XML.', 'Correct the document.'],
  '12300': ['The URL answered with another Content-Type than XML.', 'Answer with Content-Type: text/xml.'],
  '12200': ['The TwiML does not fit its schema.', 'Correct the document: a verb or an attribute is wrong.'],
  '13214': ['The caller id is invalid.', 'Use a caller id that the account owns or has verified.'],
  '13223': ['The number has an invalid format.', 'Correct the number in the source of your data.'],
  '13224': ['Twilio cannot reach the number.', 'Take the number off your list, or ask for another one.'],
  '13225': ['Twilio blocks calls to the number.', 'Ask Twilio why, with the call SID.'],
  '13227': [
    'No geographic permission for the country.',
    'Allow the country in the Console under Voice, Geo permissions.',
  ],
  '15000': ['Twilio failed to send a status callback.', 'Nothing: polling has found the outcome.'],
  '15003': [
    'The API answered a status callback with an error.',
    'Look into the log of the API: GET /readyz/callbacks says what it lacks.',
  ],
  '15002': [
    'Twilio dropped status callbacks that were taken too slowly.',
    'Give the API more capacity; polling has found the outcome.',
  ],
  '21262': [
    'The result of machine detection could not be sent.',
    'Set AsyncAmdStatusCallback, or switch AsyncAmd off.',
  ],
  '32014': ['The call ended without any audio from the callee.', noRemedy],
  '32015': ['The call reached its maximum length.', 'Raise maxDurationSeconds.'],
  '32016': ['Several carriers gave no response within a minute.', carrier],
  '32017': [
    "A carrier blocked the call because of the caller id's reputation.",
    'Register the caller id, or call from another one.',
  ],
  '32018': ['The TwiML is too long.', 'Use a url instead of twiml.'],
};

const ofSip: Record<string, string> = {
  '403': 'Check whether the caller id may call this country, and its reputation.',
  '404': 'Take the number off your list, or ask for another one.',
  '408': carrier,
  '410': 'Take the number off your list, or ask for another one.',
  '484': 'Correct the number in the source of your data.',
  '488': carrier,
  '500': carrier,
  '502': carrier,
  '503': carrier,
  '504': carrier,
  '603': 'If many calls show it, check the reputation of the caller id: networks answer so when they block.',
  '604': 'Take the number off your list, or ask for another one.',
  '607':
    'Never call this number again: RINGTRUE_DO_NOT_CALL_OPT_OUTS puts such numbers on the do-not-call list.',
  '608': 'The answer names who blocks: ask them to unblock the caller id, and check its reputation.',
};

const ofPolicy: Record<string, [meaning: string, remedy: string]> = {
  'do-not-call': [
    'The number is on the do-not-call list.',
    'Nothing, unless it should not be there: GET /do-not-call.',
  ],
  'not-eligible': [
    'The eligibility URL refused the number.',
    'Nothing, unless it should not: ask the service behind RINGTRUE_ELIGIBILITY_URL.',
  ],
  destination: [
    'The number is where ringtrue may not call.',
    'Add its country or prefix to RINGTRUE_DESTINATIONS, if calls there are wanted.',
  ],
  'give-up-at': [
    'No attempt was allowed before giveUpAt.',
    'Choose a later giveUpAt, or find out what held the calls up: GET /statistics/waiting.',
  ],
  'calling-window': ['The calling window is never open.', 'Correct the calling window of the request.'],
  'no-final-status': [
    'Twilio could not say how the call ended.',
    'Look the call up in the Console by its SID.',
  ],
  canceled: ['Somebody canceled the call.', 'Nothing.'],
};

/** The meaning of a reason such as `twilio:21215`, and what to do. A code that is not known here has none. */
export function failureMeaning(source: string, code: string): FailureMeaning {
  const url =
    source === 'twilio' && /^\d+$/.test(code) ? `https://www.twilio.com/docs/api/errors/${code}` : null;
  const known = knownMeaning(source, code);
  return { meaning: known?.[0] ?? null, remedy: known?.[1] ?? null, url };
}

function knownMeaning(source: string, code: string): [meaning: string, remedy: string] | null {
  switch (source) {
    case 'twilio': {
      const entry = Object.hasOwn(noted, code) ? noted[code] : undefined;
      if (entry) return entry;
      const refusal = refusalMeaning(Number(code));
      return (
        refusal && [sentence(refusal.meaning), sentence(refusal.fix ?? 'correct the request or the number')]
      );
    }
    case 'sip': {
      const meaning = sipMeaning(Number(code));
      if (meaning === `SIP response ${code}`) return null;
      return [sentence(meaning), Object.hasOwn(ofSip, code) ? (ofSip[code] as string) : noRemedy];
    }
    case 'lookup':
      return [
        'Lookup says that there is no such number, or that it is not in service.',
        'Correct the number in the source of your data.',
      ];
    default:
      return Object.hasOwn(ofPolicy, code) ? (ofPolicy[code] as [string, string]) : null;
  }
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${text.endsWith('.') ? '' : '.'}`;
}
