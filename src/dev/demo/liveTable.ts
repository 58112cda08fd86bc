import { styleText } from 'node:util';
import type { CallState } from '../../client/ringtrue.js';
import { tableOf } from '../../terminal/tableOf.js';

/** One call of the demo. */
export interface DemoCall {
  to: string;
  happens: string;
  callId: string;
  runId: string | null;
  /** The latest state; null before the first answer of the API. */
  state: CallState | null;
}

/** Shows the calls: on a terminal as one table that is redrawn, elsewhere as a line for each change. */
export class LiveTable {
  #lines = 0;
  readonly #last = new Map<string, string>();

  constructor(private readonly out: NodeJS.WriteStream) {}

  draw(calls: DemoCall[]): void {
    if (this.out.isTTY) this.#redraw(calls);
    else this.#printChanges(calls);
  }

  #redraw(calls: DemoCall[]): void {
    const rows = calls.map((call) => [call.to, this.#colored(call), call.happens]);
    const table = tableOf(['NUMBER', 'NOW', 'WHAT THE SIMULATOR DOES'], rows);
    const up = this.#lines > 0 ? `\x1b[${this.#lines}A\x1b[0J` : '';
    this.out.write(`${up}${table}\n`);
    this.#lines = table.split('\n').length;
  }

  #printChanges(calls: DemoCall[]): void {
    for (const call of calls) {
      const now = nowOf(call);
      if (this.#last.get(call.callId) === now) continue;
      this.#last.set(call.callId, now);
      this.out.write(`${call.to}  ${now}\n`);
    }
  }

  #colored(call: DemoCall): string {
    const color =
      call.state?.outcome == null ? 'yellow' : call.state.outcome.outcome === 'answered' ? 'green' : 'cyan';
    return styleText(color, nowOf(call));
  }
}

/** How every call ended, and what the simulator did. */
export function endTable(calls: DemoCall[]): string {
  const head = [
    'NUMBER',
    'OUTCOME',
    'ANSWERED BY',
    'REACHABILITY',
    'DECIDED BY',
    'ATTEMPTS',
    'REASON',
    'WHAT THE SIMULATOR DID',
  ];
  const rows = calls.map(({ to, happens, state }) => {
    const outcome = state?.outcome;
    return [
      to,
      outcome?.outcome ?? '',
      outcome?.answeredBy ?? '',
      outcome?.reachability ?? '',
      outcome?.decidedBy ?? '',
      String(outcome?.attempts.length ?? 0),
      outcome?.reason ? `${outcome.reason.source} ${outcome.reason.code}` : '',
      happens,
    ];
  });
  return tableOf(head, rows);
}

function nowOf({ state }: DemoCall): string {
  if (state === null) return 'accepted';
  if (state.outcome === null) return state.state;
  return `${state.outcome.outcome}, decided by ${state.outcome.decidedBy}`;
}
