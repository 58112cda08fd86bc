import { canonicalNumber } from '../../validation/canonicalNumber.js';
import { withoutInvisible } from '../../validation/withoutInvisible.js';
import { json, type Parameter } from '../database/database.js';

/**
 * The conditions on `calls c` under which a call fits the text of a search, one for each kind of thing that the text
 * may be. Each is read from an index of its own. `place` adds a parameter and returns its place.
 */
export function searchConditions(search: string, place: (value: Parameter) => string): string[] {
  const text = withoutInvisible(search).trim();
  const textAt = place(text);
  const conditions = [
    `c.call_id = ${textAt}`,
    `c.batch_id = ${textAt}`,
    `c.metadata <> '{}' and c.metadata @@ ${place(`$.* == ${json(text)}`)}::jsonpath`,
  ];
  if (/^CA[0-9a-f]{32}$/i.test(text)) {
    const sid = place(`CA${text.slice(2).toLowerCase()}`);
    conditions.push(
      `c.call_id in (select a.call_id from attempts a where a.call_sid is not null and a.call_sid = ${sid})`,
    );
  }
  const ends = numberEnds(text);
  const [end] = ends;
  if (end !== undefined) {
    const patterns = place(ends.map((digits) => `%${digits}`));
    conditions.push(
      `right(c.to_number, 4) = ${place(end.slice(-4))} and (c.to_number like any(${patterns}::text[])
        or c.request ->> 'to' like any(${patterns}::text[]))`,
    );
  }
  return conditions;
}

/** With so few digits a number is found. */
const fewestDigits = 4;

/**
 * The digits with which a number ends that this text spells: all of them if it has a country code, else as many as
 * are written. More than one if the text may be read in several ways. Empty if it is no number.
 */
function numberEnds(text: string): string[] {
  // As people write numbers: +1 (500) 555-0006, 0049 30.1234, 00 44 / 20 …
  if (!/^\+?[\d\s().\-–/]+$/.test(text)) return [];
  const digits = text.replaceAll(/\D/g, '');
  if (digits.length < fewestDigits || digits.length > 20) return [];
  if (text.startsWith('+')) return [canonicalNumber(`+${digits}`).slice(1)];
  const readings = [
    digits,
    // The trunk prefix of most countries, which no number in E.164 has.
    digits.replace(/^0+/, ''),
    // International prefixes: of most countries, and of North America.
    ...['00', '011'].flatMap((prefix) =>
      digits.startsWith(prefix) ? [canonicalNumber(`+${digits.slice(prefix.length)}`).slice(1)] : [],
    ),
  ];
  return [...new Set(readings)].filter((one) => one.length >= fewestDigits);
}
