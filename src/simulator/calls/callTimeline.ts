import type { AnsweredBy, FinalStatus } from '../numbers/callCourses.js';
import type { CallbackPost } from './callbackPost.js';
import type { LifeClock } from './lifeClock.js';
import { addNotification } from './notification.js';
import { become, currentOf, isOver, type SimulatedCall } from './simulatedCall.js';

/** Seconds from the start of dialing to the first response of the callee's side. */
const postDialSeconds = 0.2;

/** Takes one call from the queue to its end. */
export class CallTimeline {
  readonly #call: SimulatedCall;
  readonly #clock: LifeClock;
  readonly #post: CallbackPost;
  readonly #ended: () => void;
  /** Resolves once the call is over. */
  readonly over: Promise<void>;
  #cancelNext: () => void = () => {};
  #timeLimitSeconds: number;

  constructor(call: SimulatedCall, clock: LifeClock, post: CallbackPost) {
    this.#call = call;
    this.#clock = clock;
    this.#post = post;
    this.#timeLimitSeconds = call.request.timeLimitSeconds;
    let ended = () => {};
    this.over = new Promise((resolve) => {
      ended = resolve;
    });
    this.#ended = ended;
  }

  /** Enters the queue, which the call leaves after `queueSeconds`. */
  start(queueSeconds: number): void {
    const { course } = this.#call.behavior;
    this.#next(queueSeconds + course.queueSeconds, () => {
      if (course.queue === 'dials') this.#dial();
      else this.#end('canceled', course.sip, { silently: course.queue === 'expires-silently' });
    });
  }

  /**
   * `Status=canceled`: stops a call that was not answered. No effect on one that was.
   * A call that is still queued ends without any callback. Source: Twilio, call status values.
   */
  cancel(): void {
    const { status } = currentOf(this.#call);
    if (status === 'queued') this.#end('canceled', null, { silently: !this.#isDialing() });
    else if (status === 'ringing') this.#end('canceled', 487);
  }

  /** `Status=completed`: stops a call in any state. */
  hangUp(): void {
    if (currentOf(this.#call).status === 'in-progress') this.#end('completed', 200);
    else this.cancel();
  }

  /** Changes `TimeLimit` during the call. */
  limit(timeLimitSeconds: number): void {
    this.#timeLimitSeconds = timeLimitSeconds;
    if (currentOf(this.#call).status === 'in-progress') this.#talk();
  }

  #dial(): void {
    const { course } = this.#call.behavior;
    become(this.#call, { startedAt: new Date() });
    this.#post.fire('initiated');
    this.#next(postDialSeconds, () => {
      if (course.rings) {
        become(this.#call, { status: 'ringing' });
        this.#post.fire('ringing');
      }
      this.#ring();
    });
  }

  #ring(): void {
    const { course } = this.#call.behavior;
    const { timeoutSeconds } = this.#call.request;
    const timesOut = course.ringSeconds === null || timeoutSeconds < course.ringSeconds;
    this.#next(timesOut ? timeoutSeconds : (course.ringSeconds ?? 0), () => {
      if (timesOut) this.#end('no-answer', 487);
      else if (course.ends === 'completed') this.#answer();
      else this.#end(course.ends, course.sip);
    });
  }

  #answer(): void {
    become(this.#call, { status: 'in-progress', answeredAt: new Date() });
    this.#post.fire('answered');
    this.#talk();
  }

  /** Waits for the end of the talk: the callee hangs up, or the time limit is reached. */
  #talk(): void {
    const { course } = this.#call.behavior;
    const spoken = this.#spokenSeconds();
    const cut = this.#timeLimitSeconds < course.talkSeconds;
    const length = cut ? this.#timeLimitSeconds : course.talkSeconds;
    this.#next(Math.max(0, length - spoken), () => {
      if (cut) addNotification(this.#call, 32015);
      this.#end('completed', course.sip, { durationSeconds: Math.floor(Math.max(length, spoken)) });
    });
  }

  #end(
    status: FinalStatus,
    sip: number | null,
    how: { silently?: boolean; durationSeconds?: number } = {},
  ): void {
    if (isOver(this.#call)) return;
    this.#cancelNext();
    const { behavior, request } = this.#call;
    const completed = status === 'completed';
    become(this.#call, {
      status,
      sip,
      endedAt: completed ? new Date() : null,
      durationSeconds: completed ? (how.durationSeconds ?? Math.floor(this.#spokenSeconds())) : null,
      answeredBy: completed
        ? machineDetectionResult(behavior.course.pickedUpBy, request.machineDetection)
        : null,
    });
    if (behavior.notification && status === 'failed') {
      const { code, afterSeconds } = behavior.notification;
      addNotification(this.#call, code, { visibleInMs: this.#clock.ms(afterSeconds) });
    }
    if (!how.silently) this.#post.fire('completed');
    this.#ended();
  }

  #isDialing(): boolean {
    return currentOf(this.#call).startedAt !== null;
  }

  #spokenSeconds(): number {
    const { answeredAt } = currentOf(this.#call);
    return answeredAt ? this.#clock.secondsSince(answeredAt.getTime()) : 0;
  }

  #next(seconds: number, what: () => void): void {
    this.#cancelNext();
    this.#cancelNext = this.#clock.after(seconds, what);
  }
}

/** The result of machine detection in this mode; null if it did not run. */
function machineDetectionResult(
  pickedUpBy: AnsweredBy,
  mode: 'Enable' | 'DetectMessageEnd' | null,
): AnsweredBy | null {
  if (mode === null) return null;
  if (!pickedUpBy.startsWith('machine_')) return pickedUpBy;
  if (mode === 'Enable') return 'machine_start';
  return pickedUpBy === 'machine_start' ? 'machine_end_beep' : pickedUpBy;
}
