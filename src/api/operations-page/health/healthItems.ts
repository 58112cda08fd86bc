import type { Role } from '../../../config/apiTokens.js';
import type { ApiTools } from '../../http/apiDependencies.js';
import { rolesFor } from '../../http/route.js';
import type { Health } from './healthReader.js';

export interface HealthItem {
  name: string;
  /** `act`: a person must do something. `waiting`: it is not as usual, and needs nobody, or somebody wants it so. */
  kind: 'ok' | 'waiting' | 'act';
  text: string;
  /** What it means, and what to do. */
  hint?: string;
  path?: string;
  roles: readonly Role[];
}

type Settings = Pick<ApiTools, 'dialLimits' | 'publicUrl'>;

/** With fewer decided calls, silence of Twilio means nothing. */
const fewestDecided = 5;

/** The health of everything in the order in which it is shown. */
export function healthItems(health: Health, settings: Settings): HealthItem[] {
  return [
    ...partsInTrouble(health),
    ...dialingItem(health),
    ...workersItem(health),
    ...callbacksItem(health, settings),
    ...limitsItem(health, settings),
    ...deadLettersItem(health),
  ];
}

function partsInTrouble({ checks }: Health): HealthItem[] {
  return Object.entries(checks)
    .filter(([, result]) => result !== 'ok')
    .map(([name, result]) => ({
      name,
      kind: 'act',
      text: 'in trouble',
      hint: result,
      roles: rolesFor.readingCalls,
    }));
}

function dialingItem({ dialing, facts }: Health): HealthItem[] {
  if (dialing === null) return [];
  const common = { name: 'Dialing', path: '/ui/dialing', roles: rolesFor.readingListsAndDialing };
  const { paused, breaker } = dialing;
  if (paused !== null) {
    const by = paused.by === null ? '' : ` by ${paused.by}`;
    return [
      {
        ...common,
        kind: 'waiting',
        text: `paused${by}`,
        hint: `${paused.reason ? `Reason: ${paused.reason}. ` : ''}Calls wait until somebody resumes dialing.`,
      },
    ];
  }
  if (breaker.state === 'closed') return [{ ...common, kind: 'ok', text: 'open' }];
  const reason = breaker.reason ?? 'Twilio fails';
  if (facts?.breakerCode != null)
    return [
      {
        ...common,
        kind: 'act',
        text: `stopped: Twilio error ${facts.breakerCode}`,
        hint: `${reason}. Mend the account at Twilio. ringtrue tests it by itself, and calls go on then.`,
      },
    ];
  return [
    {
      ...common,
      kind: 'waiting',
      text: breaker.state === 'open' ? 'stopped for now' : 'testing Twilio',
      hint: `${reason}. The circuit breaker closes by itself once Twilio works.`,
    },
  ];
}

function workersItem({ workers }: Health): HealthItem[] {
  if (workers === null) return [];
  const common = { name: 'Workers', roles: rolesFor.readingCalls };
  if (workers > 0) return [{ ...common, kind: 'ok', text: String(workers) }];
  return [
    { ...common, kind: 'act', text: 'none', hint: 'No call goes on without one. Start: npx ringtrue worker' },
  ];
}

function callbacksItem({ facts }: Health, { publicUrl }: Settings): HealthItem[] {
  if (facts === null) return [];
  const { byCallback, byPoll } = facts;
  const decided = byCallback + byPoll;
  const common = { name: 'Callbacks', roles: rolesFor.readingCalls };
  if (publicUrl === null)
    return [{ ...common, kind: 'ok', text: 'off', hint: 'Every call is decided by polling.' }];
  if (decided === 0)
    return [{ ...common, kind: 'ok', text: 'none needed', hint: 'No call was decided in the last hour.' }];
  const text = `${byCallback} of ${decided}`;
  if (byCallback === 0 && decided >= fewestDecided)
    return [
      {
        ...common,
        kind: 'act',
        text,
        hint: 'Twilio does not reach this server: polling decides every call. Check RINGTRUE_PUBLIC_URL, and the debugger in the Twilio console.',
      },
    ];
  const hint =
    'So many of the calls that were decided lately were decided by a callback, the others by polling.';
  return [{ ...common, kind: byCallback * 2 < decided ? 'waiting' : 'ok', text, hint }];
}

function limitsItem({ dialing }: Health, { dialLimits }: Settings): HealthItem[] {
  if (dialing === null) return [];
  const inFlight = dialing.limits.callsInFlight ?? dialLimits?.callsInFlight ?? 0;
  const rate = dialing.limits.callsPerSecond ?? dialLimits?.callsPerSecond;
  const isFull = inFlight > 0 && dialing.inFlight >= inFlight;
  return [
    {
      name: 'In flight',
      kind: isFull ? 'waiting' : 'ok',
      text: inFlight > 0 ? `${dialing.inFlight} of ${inFlight}` : String(dialing.inFlight),
      ...(rate === undefined ? {} : { hint: `At most ${rate} calls per second are placed.` }),
      path: '/ui/dialing',
      roles: rolesFor.readingListsAndDialing,
    },
  ];
}

function deadLettersItem({ facts }: Health): HealthItem[] {
  if (facts === null) return [];
  const { deadLetters } = facts;
  return [
    {
      name: 'Dead letters',
      kind: deadLetters > 0 ? 'waiting' : 'ok',
      text: deadLetters >= mostCounted ? `${mostCounted} or more` : String(deadLetters),
      path: '/ui/dead-letters?state=dead',
      roles: rolesFor.readingCalls,
    },
  ];
}

/** The store counts no further. */
const mostCounted = 1000;
