/** Workflow time, ISO 8601 UTC. */
export function now(): string {
  return new Date().toISOString();
}

export function secondsUntil(time: string): number {
  return (Date.parse(time) - Date.now()) / 1000;
}

/** False for null: there is no such time. */
export function isPast(time: string | null): boolean {
  return time !== null && secondsUntil(time) < 0;
}
