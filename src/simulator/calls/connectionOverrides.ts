/** How a callback is delivered. The fragment of its URL may change it. Times in milliseconds. */
export interface DeliveryRules {
  connectMs: number;
  /** Until the first byte, and between two bytes. */
  readMs: number;
  /** For all tries together. */
  totalMs: number;
  retries: number;
  retryOn: ReadonlySet<RetryReason>;
}

export type RetryReason = '4xx' | '5xx' | 'ct' | 'rt';

/** One retry, only if no connection was made; 15 seconds in all. Source: Twilio's defaults. */
export const defaultRules: DeliveryRules = {
  connectMs: 5000,
  readMs: 15_000,
  totalMs: 15_000,
  retries: 1,
  retryOn: new Set<RetryReason>(['ct']),
};

const edges = /^(ashburn|dublin|frankfurt|sao-paulo|singapore|sydney|tokyo|umatilla)(-ix)?$/;

/**
 * Reads the connection overrides in the fragment of a callback URL, such as `#rc=5&rp=all&ct=2000`.
 * A fragment with an unknown key or a value out of range has no effect; `faulty` is then true.
 *
 * Source: Twilio, webhook connection overrides.
 */
export function deliveryRulesOf(url: string): { rules: DeliveryRules; faulty: boolean } {
  const fragment = url.split('#')[1];
  if (!fragment) return { rules: defaultRules, faulty: false };
  const rules = { ...defaultRules };
  for (const [key, value] of new URLSearchParams(fragment)) {
    if (!apply(rules, key, value)) return { rules: defaultRules, faulty: true };
  }
  return { rules, faulty: false };
}

function apply(rules: DeliveryRules, key: string, value: string): boolean {
  const number = /^\d+$/.test(value) ? Number(value) : Number.NaN;
  const within = (min: number, max: number) => number >= min && number <= max;
  switch (key) {
    case 'ct':
      rules.connectMs = number;
      return within(100, 10_000);
    case 'rt':
      rules.readMs = number;
      return within(100, 15_000);
    case 'tt':
      rules.totalMs = number;
      return within(100, 15_000);
    case 'rc':
      rules.retries = number;
      return within(0, 5);
    case 'rp': {
      const reasons = value.split(',');
      rules.retryOn = new Set<RetryReason>(
        reasons.includes('all') ? ['4xx', '5xx', 'ct', 'rt'] : (reasons as RetryReason[]),
      );
      return reasons.every((reason) => /^(4xx|5xx|ct|rt|all)$/.test(reason));
    }
    case 'sni':
      return value === 'y' || value === 'n';
    case 'e':
      return value.split(',').every((edge) => edges.test(edge));
    default:
      return false;
  }
}
