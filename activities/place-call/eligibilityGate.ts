/** So many unclear answers in a row are the server's fault, and not that of a number. */
const unclearInARow = 5;
/** The server is tested again after two seconds, and twice as long after each test that fails, up to a minute. */
const firstTestMs = 2_000;
const longestTestMs = 60_000;

/**
 * Whether an operator's eligibility URL gives clear answers, as this process sees it. While it does not, no call can be
 * dialed: calls wait as they do while dialing is stopped, and one of them at a time tests the server.
 */
interface EligibilityGate {
  report(isClear: boolean): void;
  isShut(): boolean;
  /** May a waiting call go? While the gate is shut, only one, now and then. */
  mayGo(): boolean;
}

const gates = new Map<string, EligibilityGate>();

/** The gate of this URL, one for the whole process. */
export function eligibilityGate(url: string): EligibilityGate {
  const known = gates.get(url);
  if (known) return known;
  let unclear = 0;
  let tests = 0;
  let nextTestAt = 0;
  const isShut = () => unclear >= unclearInARow;
  const testLater = () => {
    nextTestAt = Date.now() + Math.min(firstTestMs * 2 ** tests, longestTestMs);
  };
  const gate: EligibilityGate = {
    report(isClear) {
      const wasShut = isShut();
      unclear = isClear ? 0 : unclear + 1;
      if (wasShut || !isShut()) return;
      tests = 0;
      testLater();
    },
    isShut,
    mayGo() {
      if (!isShut()) return true;
      if (Date.now() < nextTestAt) return false;
      tests++;
      testLater();
      return true;
    },
  };
  gates.set(url, gate);
  return gate;
}
