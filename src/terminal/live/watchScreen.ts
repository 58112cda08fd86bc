import { stripVTControlCharacters, styleText } from 'node:util';
import { maskNumber } from '../../../workflows/rules/phoneNumber.js';
import type { CallState } from '../../client/ringtrue.js';
import { printable } from '../print.js';
import { type CallGroup, endOf, type Overview } from './readOverview.js';

/** What a terminal can show. */
export interface Terminal {
  columns: number;
  rows: number;
  color: boolean;
}

/** States as people say them. Several states may be one, and some are named only if a call has them. */
const groupNames: { name: string; states: CallState['state'][]; isRare?: true }[] = [
  { name: 'waiting', states: ['looking-up', 'waiting', 'placing'] },
  { name: 'queued', states: ['queued'], isRare: true },
  { name: 'ringing', states: ['ringing'] },
  { name: 'talking', states: ['in-progress'] },
  { name: 'retrying', states: ['waiting-to-retry'] },
  { name: 'recording', states: ['recording'], isRare: true },
];

/** How many lines the list of calls under way has at least, if the terminal is high enough. */
const leastCalls = 3;

/** The whole screen: at most as many lines as the terminal has, none longer than it is wide. */
export function watchScreen(overview: Overview, trouble: string | null, terminal: Terminal): string[] {
  const paint = painter(terminal.color);
  const head = [
    paint('bold', `ringtrue  ${timeOf(overview.at.toISOString())}${trouble === null ? '' : '  STALE'}`),
    ...(trouble === null ? [] : [paint('red', printable(trouble))]),
    ...healthTexts(overview).map(({ text, isWrong }) => (isWrong ? paint('red', text) : text)),
    countsText(overview.groups),
  ];
  const reasons = reasonTexts(overview).map((line) => paint('yellow', line));
  const live = overview.groups
    .filter(({ state }) => state !== 'waiting-to-retry')
    .flatMap(({ calls }) => calls);
  const left = terminal.rows - head.length - reasons.length - 4;
  const liveShown = Math.min(live.length, Math.max(leastCalls, Math.floor(left / 2)));
  const body = [
    ...(live.length === 0 ? [] : ['', paint('bold', 'UNDER WAY'), ...live.slice(0, liveShown).map(liveText)]),
    '',
    paint('bold', 'LAST OUTCOMES'),
    ...(overview.ended.length === 0 ? ['none yet'] : overview.ended.map((call) => endText(call, paint))),
  ];
  const foot = paint('dim', 'q quits');
  const lines = [...head, ...reasons, ...body].slice(0, Math.max(1, terminal.rows - 1));
  return [...lines, foot].map((line) => cut(line, terminal.columns));
}

/** For a pipe: one line that says how many calls stand where. */
export function countsText(groups: CallGroup[]): string {
  return groupNames
    .flatMap(({ name, states, isRare }) => {
      const these = groups.filter(({ state }) => states.includes(state));
      const count = these.reduce((sum, { calls }) => sum + calls.length, 0);
      if (count === 0 && isRare) return [];
      return [`${count}${these.some(({ isMore }) => isMore) ? '+' : ''} ${name}`];
    })
    .join(', ');
}

/** For a pipe: one line about a call that has ended. */
export function endedText(call: CallState): string {
  return endText(call, painter(false));
}

/** What is wrong with the deployment, and how dialing stands. */
export function healthTexts({
  troubles,
  dialing,
  deadLetters,
}: Overview): { text: string; isWrong: boolean }[] {
  const lines = troubles.map((text) => ({ text: `not ready: ${text}`, isWrong: true }));
  if (troubles.length === 0) lines.push({ text: 'API, Temporal and store are ready', isWrong: false });
  if (dialing?.paused)
    lines.push({
      text: `dialing is paused${dialing.paused.reason === null ? '' : ` (${dialing.paused.reason})`}: \`ringtrue dialing resume\``,
      isWrong: true,
    });
  if (dialing && dialing.breaker.state !== 'closed')
    lines.push({
      text: `the circuit breaker is ${dialing.breaker.state}${dialing.breaker.prefixes ? ` for ${dialing.breaker.prefixes.join(', ')}` : ''}${dialing.breaker.reason === null ? '' : ` (${dialing.breaker.reason})`}`,
      isWrong: true,
    });
  if (dialing && !dialing.paused && dialing.breaker.state === 'closed')
    lines.push({ text: `dialing, ${dialing.inFlight} in flight`, isWrong: false });
  if (deadLetters !== null && deadLetters.count > 0)
    lines.push({
      text: `${deadLetters.count}${deadLetters.isMore ? '+' : ''} notifications were not delivered: \`ringtrue dead-letters\``,
      isWrong: true,
    });
  return lines.map(({ text, isWrong }) => ({ text: printable(text), isWrong }));
}

/** Why calls do not ring, most frequent first. */
export function reasonTexts({ waiting: { reasons, of } }: Overview): string[] {
  if (reasons.length === 0) return [];
  return [
    `not ringing (the newest ${of}):`,
    ...reasons.map(({ count, message }) => `  ${count} for ${printable(message)}`),
  ];
}

function liveText({ state, to, callId, attempts, startedAt }: CallState): string {
  const attempt = attempts.length > 1 ? ` (attempt ${attempts.length})` : '';
  return `${timeOf(startedAt)}  ${masked(to).padEnd(16)}  ${(state + attempt).padEnd(14)}  ${printable(callId)}`;
}

function endText(call: CallState, paint: Painter): string {
  const { outcome, to, callId } = call;
  const word = outcome?.outcome ?? 'no outcome';
  const why = outcome === null ? (call.error ?? '') : (outcome.reason?.message ?? '');
  const color = outcome === null ? 'red' : outcome.outcome === 'answered' ? 'green' : 'yellow';
  const end = [timeOf(endOf(call)), masked(to).padEnd(16), paint(color, word.padEnd(14)), printable(callId)];
  return [...end, printable(why.replaceAll(/\s+/g, ' '))].join('  ').trimEnd();
}

function masked(to: string | null): string {
  return to === null ? '' : maskNumber(to);
}

/** Hours, minutes and seconds of this machine's time zone. */
function timeOf(iso: string): string {
  const time = new Date(iso);
  return [time.getHours(), time.getMinutes(), time.getSeconds()]
    .map((part) => String(part).padStart(2, '0'))
    .join(':');
}

type Painter = (style: Parameters<typeof styleText>[0], text: string) => string;

function painter(color: boolean): Painter {
  return (style, text) => (color ? styleText(style, text) : text);
}

/** Sequences that color a text. */
const escapes = new RegExp(`(${'\u001b'}\\[[\\d;]*m)`, 'g');

/** The line without what does not fit. Colors take no place. */
function cut(line: string, columns: number): string {
  if (lettersOf(stripVTControlCharacters(line)).length <= columns) return line;
  let left = Math.max(0, columns - 1);
  let result = '';
  for (const part of line.split(escapes)) {
    if (part.startsWith('\u001b[')) result += part;
    else {
      const letters = lettersOf(part).slice(0, left);
      left -= letters.length;
      result += letters.join('');
    }
  }
  return `${result}…`;
}

const segmenter = new Intl.Segmenter();

/** What a person sees as one letter each, such as an emoji of several code points. */
function lettersOf(text: string): string[] {
  return Array.from(segmenter.segment(text), ({ segment }) => segment);
}
