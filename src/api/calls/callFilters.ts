import type { CallSelection } from '../../../activities/store/calls/callStore.js';
import {
  answererClasses,
  funnelSteps,
  mostAttempts,
  noReason,
  shortSeconds,
} from '../../../activities/store/statistics/callFacts.js';
import { waitingReasons } from '../../../activities/store/statistics/waitingCalls.js';
import { callStates, deciders, reachabilities } from '../../../workflows/callOutcome.js';
import { outcomes } from '../../../workflows/callRequest.js';
import {
  numberParameter,
  oneOf,
  type QueryParameter,
  textParameter,
  timeOf,
  timeParameter,
} from '../http/queryParameters.js';

const metadataPrefix = 'metadata.';
const longestSearch = 200;

/** Every filter of `GET /calls`, of bulk operations and of the pages. */
export const callFilters = {
  outcome: oneOf(outcomes, 'Only calls with this outcome.'),
  state: oneOf(callStates, 'Only calls in this state.'),
  reachability: oneOf(reachabilities, 'Only calls whose number has this reachability.'),
  answeredBy: oneOf(
    answererClasses,
    'Only calls that were answered so. Needs machine detection. `undetected`: answered, and nobody knows by whom.',
  ),
  decidedBy: oneOf(deciders, 'Only calls whose outcome came from there.'),
  to: numberParameter('Only calls to this number. Write its + as %2B.'),
  from: numberParameter('Only calls from this caller id. Write its + as %2B.'),
  batch: textParameter('a batch id', 'Only calls that this batch started.'),
  'metadata.KEY': {
    right: 'text',
    holds: () => true,
    description: 'Only calls whose metadata has this text under KEY. May be given for several keys.',
    schema: { type: 'string' },
  },
  search: {
    right: `text of 1..${longestSearch} characters`,
    holds: (text) => text.trim() !== '' && text.length <= longestSearch,
    description:
      'Only calls with this call id, call SID, batch id, or text in the metadata; or to this number, in any spelling, or by its last digits, at least four.',
    schema: { type: 'string', minLength: 1, maxLength: longestSearch },
  },
  reached: oneOf(
    funnelSteps,
    'Only calls with an outcome that got at least so far in the funnel of GET /statistics.',
  ),
  furthest: oneOf(funnelSteps, 'Only calls with an outcome that got so far in the funnel, and no further.'),
  attempts: oneOf(
    [...Array.from({ length: mostAttempts }, (_, count) => String(count)), `${mostAttempts}+`],
    'Only calls with an outcome that made so many attempts.',
  ),
  reason: {
    right: `source and code such as sip:486 or twilio:13224, or ${noReason}`,
    holds: (text) => text === noReason || /^(twilio|sip|lookup|policy):.+$/s.test(text),
    description: `Only calls that were not answered for this reason: its source and code. \`${noReason}\`: without a reason.`,
    schema: {
      type: 'string',
      pattern: `^(${noReason}|(twilio|sip|lookup|policy):.+)$`,
      examples: ['sip:486'],
    },
  },
  short: oneOf(['true'], `Only calls that were answered and over within ${shortSeconds} seconds.`),
  withoutOutcome: oneOf(['true'], 'Only calls that are over without an outcome.'),
  waitingBy: oneOf(waitingReasons, 'Only calls that wait for this: see GET /statistics/waiting.'),
  since: timeParameter('Only calls that started at this time or later.'),
  until: timeParameter('Only calls that started before this time.'),
} satisfies Record<string, QueryParameter>;

/** Filters by name, as texts that were checked. Those by metadata have names such as `metadata.customer`. */
export type FilterTexts = Partial<Record<string, string>>;

/** The selection that these filters mean now: a time such as `24h` is counted back from this moment. */
export function selectionOf(texts: FilterTexts): CallSelection {
  const { since, until, attempts, reason, short, withoutOutcome, ...others } = texts;
  const entries = Object.entries(others).filter((entry): entry is [string, string] => entry[1] !== undefined);
  const metadata = entries
    .filter(isMetadata)
    .map(([name, text]) => [name.slice(metadataPrefix.length), text]);
  return {
    ...Object.fromEntries(entries.filter((entry) => !isMetadata(entry))),
    ...(metadata.length === 0 ? {} : { metadata: Object.fromEntries(metadata) as Record<string, string> }),
    ...(since === undefined ? {} : { since: timeOf(since) as string }),
    ...(until === undefined ? {} : { until: timeOf(until) as string }),
    ...(attempts === undefined ? {} : { attempts: Number.parseInt(attempts, 10) }),
    ...(reason === undefined ? {} : { reason: reason === noReason ? null : reason }),
    ...(short === undefined ? {} : { short: true }),
    ...(withoutOutcome === undefined ? {} : { withoutOutcome: true }),
  };
}

function isMetadata([name]: [string, string]): boolean {
  return name.startsWith(metadataPrefix);
}
