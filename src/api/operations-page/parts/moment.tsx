/** A moment in the zone of the person, to the second, with the zone beside it. */
export function Moment({ at, zone }: { at: string | null | undefined; zone: string }) {
  if (at == null) return <span class="quiet">–</span>;
  return (
    <time datetime={at} class="moment">
      {textOfMoment(at, zone)}
    </time>
  );
}

/** `2026-01-31 09:00:00 UTC` */
export function textOfMoment(at: string, zone: string): string {
  const moment = new Date(at);
  if (Number.isNaN(moment.getTime())) return at;
  return `${writtenIn(zone).format(moment).replace(',', '')} ${nameOfZone(moment, zone)}`;
}

function nameOfZone(moment: Date, zone: string): string {
  if (zone === 'UTC') return 'UTC';
  const parts = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'short' }).formatToParts(
    moment,
  );
  return parts.find(({ type }) => type === 'timeZoneName')?.value ?? zone;
}

function writtenIn(zone: string): Intl.DateTimeFormat {
  // Swedish writes ISO 8601.
  return new Intl.DateTimeFormat('sv-SE', {
    timeZone: zone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  });
}

/** `5 s`, `3 min 20 s`, `2 h 5 min`, `4 d 3 h`. Never less than nothing. */
export function durationText(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const units: [number, string][] = [
    [86_400, 'd'],
    [3600, 'h'],
    [60, 'min'],
    [1, 's'],
  ];
  const first = units.findIndex(([size]) => whole >= size);
  if (first < 0) return '0 s';
  let rest = whole;
  const parts: string[] = [];
  for (const [size, unit] of units.slice(first, first + 2)) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count > 0) parts.push(`${count} ${unit}`);
  }
  return parts.join(' ');
}
