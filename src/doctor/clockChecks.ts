import { type DoctorCheck, type Finding, fault, fine } from './doctorCheck.js';

/** Twilio's clock is read to the second, and requests take a moment. */
const allowedSeconds = 5;

/** One check for each clock: does it show what this machine's shows? `ahead` gives null for a clock of this machine. */
export function clockChecks(
  clocks: { name: string; whose: string; ahead: () => Promise<number | null> }[],
): DoctorCheck[] {
  return clocks.map(({ name, whose, ahead }) => ({
    name,
    look: async () => clockFinding(whose, await ahead()),
    fix: `Correct what keeps the clock of ${whose} from being read, then run the doctor again.`,
  }));
}

function clockFinding(whose: string, ahead: number | null): Finding {
  if (ahead === null) return fine(`${whose} has the clock of this machine.`);
  const seconds = Math.abs(ahead);
  if (seconds <= allowedSeconds) return fine(`The clocks of ${whose} and of this machine agree.`);
  return fault(
    `The clock of this machine is ${Math.round(seconds)} s ${ahead > 0 ? 'behind' : 'ahead of'} that of ${whose}.`,
    'Synchronize both clocks, for example with chrony or systemd-timesyncd (`timedatectl set-ntp true`).',
  );
}
