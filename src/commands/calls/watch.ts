import { setTimeout as pause } from 'node:timers/promises';
import { hintOf } from '../../process/exitStatus.js';
import { stopSignal } from '../../process/stopSignal.js';
import { type ApiOptions, UsageError } from '../../terminal/apiOptions.js';
import { hasColor } from '../../terminal/live/hasColor.js';
import { LiveScreen } from '../../terminal/live/liveScreen.js';
import { type Overview, readOverview } from '../../terminal/live/readOverview.js';
import {
  countsText,
  endedText,
  healthTexts,
  reasonTexts,
  watchScreen,
} from '../../terminal/live/watchScreen.js';
import { printable } from '../../terminal/print.js';
import { isTemporary } from '../../terminal/retryWhenBusy.js';

interface WatchOptions extends ApiOptions {
  every: number;
}

/**
 * `ringtrue watch`: how calls and deployment stand, again and again. On a terminal as a screen, elsewhere as lines
 * of what has changed, with --json as one JSON object a line. Ends with q, Ctrl-C or a stop signal.
 */
export async function watch(options: WatchOptions): Promise<void> {
  if (options.every < 1) throw new UsageError('--every is 0; must be a whole number of seconds from 1');
  const signal = stopSignal();
  // A wrong address or token shows at once.
  const first = await readOverview(options);
  const everyMs = options.every * 1000;
  if (options.json) await follow(options, { first, everyMs, signal, show: printJson });
  else if (!process.stdout.isTTY) await follow(options, { first, everyMs, signal, show: changePrinter() });
  else {
    const screen = new LiveScreen(process.stdout, process.stdin);
    const ended = AbortSignal.any([signal, screen.quit]);
    try {
      const color = hasColor(process.stdout);
      await follow(options, {
        first,
        everyMs,
        signal: ended,
        show: (overview, trouble) =>
          screen.draw((size) => watchScreen(overview, trouble, { ...size, color })),
      });
    } finally {
      screen.close();
    }
  }
}

interface Following {
  first: Overview;
  everyMs: number;
  signal: AbortSignal;
  /** `trouble`: why there is nothing newer. */
  show: (overview: Overview, trouble: string | null) => void;
}

/** Reads and shows until the signal. While the API is away, the last overview stays. */
async function follow(options: ApiOptions, { first, everyMs, signal, show }: Following): Promise<void> {
  let last = first;
  let trouble: string | null = null;
  while (!signal.aborted) {
    show(last, trouble);
    await pause(everyMs, undefined, { signal }).catch(() => {});
    if (signal.aborted) return;
    try {
      last = await readOverview(options);
      trouble = null;
    } catch (error) {
      if (!(error instanceof Error) || !isTemporary(error)) throw error;
      trouble = `nothing new since ${last.at.toISOString()}: ${error.message.split('\n')[0]}${hintOf(error)}`;
    }
  }
}

function printJson(overview: Overview, trouble: string | null): void {
  process.stdout.write(`${JSON.stringify({ ...overview, trouble })}\n`);
}

/** Prints each change once: counts, health, reasons, and each call that ends. */
function changePrinter(): Following['show'] {
  const printed = new Map<string, string>();
  const ended = new Set<string>();
  let isFirst = true;
  return (overview, trouble) => {
    const at = overview.at.toISOString();
    const sayOnce = (what: string, text: string) => {
      if (printed.get(what) !== text && text !== '') process.stdout.write(`${at}  ${printable(text)}\n`);
      printed.set(what, text);
    };
    sayOnce('trouble', trouble ?? '');
    sayOnce(
      'health',
      healthTexts(overview)
        .map(({ text }) => text)
        .join('; '),
    );
    sayOnce('counts', countsText(overview.groups));
    sayOnce('reasons', reasonTexts(overview).join(' ').replaceAll(/ +/g, ' '));
    for (const call of overview.ended.toReversed()) {
      if (!ended.has(call.callId) && !isFirst) process.stdout.write(`${endedText(call)}\n`);
      ended.add(call.callId);
    }
    isFirst = false;
  };
}
