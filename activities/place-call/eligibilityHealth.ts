/** So many unclear answers in a row are the server's fault, and not that of a number. */
const unclearInARow = 5;
/** The server is tested again after two seconds, and twice as long after each test that fails, up to a minute. */
const firstTestMs = 2_000;
const longestTestMs = 60_000;

/** Clients choose URLs: only so many of their hosts are remembered, the newest ones. */
const mostHosts = 1_000;

/**
 * Whether an eligibility URL gives clear answers, as this process sees it. While it does not, one call at a time tests the
 * server, and the others wait. If it is the operator's, no call can be dialed: calls wait as they do while dialing is stopped.
 */
interface EligibilityHealth {
  report(isClear: boolean): void;
  answersNobody(): boolean;
  /** May a waiting call go? While it answers nobody, only one, now and then. */
  mayGo(): boolean;
}

const operatorUrls = new Map<string, EligibilityHealth>();
const clientHosts = new Map<string, EligibilityHealth>();

/** The health of the operator's URL, one for the whole process. */
export function eligibilityHealth(url: string): EligibilityHealth {
  const health = operatorUrls.get(url) ?? newHealth();
  operatorUrls.set(url, health);
  return health;
}

/** The health of a host of URLs that requests name. */
export function clientHostHealth(host: string): EligibilityHealth {
  const health = clientHosts.get(host) ?? newHealth();
  // The newest one is the last.
  clientHosts.delete(host);
  clientHosts.set(host, health);
  const [oldest] = clientHosts.keys();
  if (clientHosts.size > mostHosts && oldest !== undefined) clientHosts.delete(oldest);
  return health;
}

function newHealth(): EligibilityHealth {
  let unclear = 0;
  let tests = 0;
  let nextTestAt = 0;
  const answersNobody = () => unclear >= unclearInARow;
  const testLater = () => {
    nextTestAt = Date.now() + Math.min(firstTestMs * 2 ** tests, longestTestMs);
  };
  return {
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
}
