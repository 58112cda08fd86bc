import { readFileSync } from 'node:fs';
import { faultLine, isObject } from '../activities/fault.js';
import { checkRetryPolicy, completePolicy } from '../activities/retryPolicySchema.js';
import type { RetryPolicy } from '../workflows/callRequest.js';

/** The policies a request may name without any file; a file may replace them. */
export const builtInPolicies: Readonly<Record<string, RetryPolicy>> = {
  default: completePolicy({ maxAttempts: 1 }),
  standard: completePolicy({
    maxAttempts: 3,
    retryOn: ['busy', 'no-answer', 'failed'],
    initialIntervalSeconds: 300,
    backoffCoefficient: 2,
    maximumIntervalSeconds: 3600,
  }),
};

/** Reads `RINGTRUE_POLICIES`, a JSON object of retry policies by name; every fault as one line. */
export function readPolicies(path: string): { policies: Record<string, RetryPolicy> } | { faults: string[] } {
  const fault = (what: string) => ({ faults: [`RINGTRUE_POLICIES is ${path}, ${what}`] });
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    const why = (error as Error).message;
    return fault(
      error instanceof SyntaxError
        ? `which is not JSON: ${why}`
        : `which cannot be read: ${why}; must be a JSON file`,
    );
  }
  if (!isObject(content)) return fault('which must hold one JSON object: retry policies by name');
  const policies: Record<string, RetryPolicy> = { ...builtInPolicies };
  const faults: string[] = [];
  for (const [name, input] of Object.entries(content)) {
    const checked = checkRetryPolicy(input);
    if ('policy' in checked) policies[name] = checked.policy;
    else
      for (const one of checked.faults)
        faults.push(`RINGTRUE_POLICIES, policy ${JSON.stringify(name)}: ${faultLine(one)}`);
  }
  return faults.length > 0 ? { faults } : { policies };
}
