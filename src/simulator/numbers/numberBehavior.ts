import type { CallCourse } from './callCourses.js';
import type { CallbackFault, CreateFault, ReadFault } from './faults.js';
import type { LookupTrouble } from './lookupChoices.js';

/** Everything that a number decides about a call to it. */
export interface NumberBehavior {
  /** The row of `numberRows`. */
  pattern: string;
  /**
   * Twilio refuses to create the call. `times`: only the first creates of a caller, so many; null: always.
   */
  refusal: { code: number; times: number | null; httpStatus: number | null } | null;
  createFault: { fault: CreateFault; times: number | null } | null;
  course: CallCourse;
  callbackFault: CallbackFault;
  /** `times`: how many reads of one call go wrong, for faults that are counted; null: all. */
  readFault: { fault: ReadFault; times: number | null };
  /** A Notification that the call has after its end, and how many seconds later it can be read. */
  notification: { code: number; afterSeconds: number } | null;
  lookup: LookupBehavior;
}

export interface LookupBehavior {
  /** `own`: by the shape of the number; else Lookup's validation error, or null for a valid number. */
  validationError: 'own' | string | null;
  lineType: string | null;
  lineStatus: string | null;
  trouble: LookupTrouble;
  /** Lookup's spelling of a valid number; null: as it was asked about. */
  phoneNumber: string | null;
}

/** A row of the table. */
export interface NumberRow {
  /** As dialed; a letter stands for a digit of the tables in `digits`. */
  pattern: string;
  title: string;
  /** What happens, for people. */
  happens: string;
  /** A number of this row. */
  example: string;
  /** Digits that can be chosen freely, by the letters that stand for them. */
  digits: { letters: string; means: string; choices: { digits: string; happens: string }[] }[];
}
