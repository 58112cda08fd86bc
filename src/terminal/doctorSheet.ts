import type { DoctorReport } from '../doctor/doctorCheck.js';
import { count } from './count.js';

/**
 * One line for each check, and below it what to do about a fault. Checks that wait for another one to be well
 * share one line.
 */
export function doctorSheet({ ok, checks }: DoctorReport): string {
  const width = Math.max(...checks.map(({ name }) => name.length));
  const waiting = new Map<string, string[]>();
  const lines: string[] = [];
  let faults = 0;
  for (const { name, ok: isFine, message, fix } of checks) {
    const part = /^Not checked: (\S+(?: \S+)?) is at fault\.$/.exec(message)?.[1];
    if (part !== undefined) waiting.set(part, [...(waiting.get(part) ?? []), name]);
    else lines.push(`${isFine ? 'ok   ' : 'FAULT'}  ${name.padEnd(width)}  ${message}`);
    if (part !== undefined || fix === null) continue;
    faults++;
    lines.push(`${' '.repeat(width + 9)}→ ${fix}`);
  }
  for (const [part, names] of waiting)
    lines.push(`Not checked, because ${part} is at fault: ${names.join(', ')}.`);
  const unchecked = [...waiting.values()].flat().length;
  const rest = unchecked === 0 ? '' : ` ${count(unchecked, 'check')} could not be made.`;
  return [...lines, ok ? 'All is well.' : `${count(faults, 'fault')}.${rest}`].join('\n');
}
