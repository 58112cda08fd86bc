/** What a check found. A fault says what to do about it. */
export type Finding = { ok: true; message: string } | { ok: false; message: string; fix: string };

/** One thing that the doctor looks at. */
export interface DoctorCheck {
  name: string;
  /** Throws if the check cannot be made: `NotChecked`, or what the server or the network says. */
  look(): Promise<Finding>;
  /** What to do if `look` throws anything else than `NotChecked`, or does not end. */
  fix: string;
}

/** One line of the report. `fix` is null if all is well. */
export interface DoctorResult {
  name: string;
  ok: boolean;
  message: string;
  fix: string | null;
}

export interface DoctorReport {
  /** True if every check is. */
  ok: boolean;
  checks: DoctorResult[];
}

/** A check cannot be made, because something before it failed. */
export class NotChecked extends Error {
  override readonly name = 'NotChecked';
  constructor(
    why: string,
    readonly fix: string,
  ) {
    super(`Not checked: ${why}`);
  }

  /** A part that has a check of its own. */
  static because(part: string): NotChecked {
    return new NotChecked(`${part} is at fault.`, `Correct ${part} first, then run the doctor again.`);
  }
}

/** The name of a check, or of a part, of an account besides the main one ends in the account's name. */
export function nameOf(what: string, account: string | null): string {
  return account === null ? what : `${what} ${account}`;
}

/** All is well. */
export function fine(message: string): Finding {
  return { ok: true, message };
}

export function fault(message: string, fix: string): Finding {
  return { ok: false, message, fix };
}

/** Does the work with the first call, and gives its promise to every call. */
export function once<T>(work: () => Promise<T>): () => Promise<T> {
  let pending: Promise<T> | undefined;
  return () => {
    pending ??= work();
    return pending;
  };
}

/** Makes a check. Its result is there within the time, whatever hangs. */
export async function resultOf(check: DoctorCheck, withinMs: number): Promise<DoctorResult> {
  const { name, fix } = check;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Finding>((resolve) => {
    const message = `Not checked: there was no answer within ${withinMs / 1000} s.`;
    timer = setTimeout(() => resolve(fault(message, fix)), withinMs);
  });
  const looking = check.look().catch((error: unknown): Finding => {
    if (error instanceof NotChecked) return fault(error.message, error.fix);
    const why = error instanceof Error ? error.message : String(error);
    return fault(`Not checked: ${why.replace(/[^.?!]$/, '$&.')}`, fix);
  });
  const finding = await Promise.race([looking, late]);
  clearTimeout(timer);
  return { name, ok: finding.ok, message: finding.message, fix: finding.ok ? null : finding.fix };
}
