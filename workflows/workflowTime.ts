/** Workflow time, ISO 8601 UTC. */
export function now(): string {
  return new Date().toISOString();
}

export function secondsUntil(time: string): number {
  return (Date.parse(time) - Date.now()) / 1000;
}

export function isPast(time: string | null): boolean {
  return time !== null && secondsUntil(time) < 0;
}

/** An RFC 3339 time with seconds and offset as ISO 8601 UTC; null when it is none. */
export function momentOf(text: unknown): string | null {
  const shape = /^(\d{4}-\d\d-\d\d)T\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/;
  const [moment = '', day = ''] = shape.exec(String(text).toUpperCase()) ?? [];
  const isDay = new Date(day).getUTCDate() === Number(day.slice(8));
  const time = new Date(moment);
  return isDay && !Number.isNaN(time.getTime()) ? time.toISOString() : null;
}
