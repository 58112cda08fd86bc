/** So many unclear answers in a row are the server's fault, and not that of a number. */
const unclearInARow = 5;
/** The server is tested again after two seconds, and twice as long after each test that fails, up to a minute. */
const firstTestMs = 2_000;
const longestTestMs = 60_000;

/**
 * Whether an operator's eligibility URL gives clear answers, as this process sees it. While it does not, no call can be
 * dialed: calls wait as they do while dialing is stopped, and one of them at a time tests the server.
 */
interface EligibilityHealth {
  report(isClear: boolean): void;
  answersNobody(): boolean;
  /** May a waiting call go? While it answers nobody, only one, now and then. */
  mayGo(): boolean;
}

const all = new Map<string, EligibilityHealth>();

/** The health of this URL, one for the whole process. */
export function eligibilityHealth(url: string): EligibilityHealth {
  const known = all.get(url);
  if (known) return known;
  let unclear = 0;
  let tests = 0;
  let nextTestAt = 0;
  const answersNobody = () => unclear >= unclearInARow;
  const testLater = () => {
    nextTestAt = Date.now() + Math.min(firstTestMs * 2 ** tests, longestTestMs);
  };
  const health: EligibilityHealth = {
    report(isClear) {
      const answeredNobody = answersNobody();
      unclear = isClear ? 0 : unclear + 1;
      if (answeredNobody || !answersNobody()) return;
      tests = 0;
      testLater();
    },
    answersNobody,
    mayGo() {
      if (!answersNobody()) return true;
      if (Date.now() < nextTestAt) return false;
      tests++;
      testLater();
      return true;
    },
  };
  all.set(url, health);
  return health;
}
