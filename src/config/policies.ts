import { readFileSync } from 'node:fs';
import { faultLine, isObject } from '../../activities/validation/fault.js';
import { checkRetryPolicy, completePolicy } from '../../activities/validation/retryPolicySchema.js';
import type { RetryPolicy } from '../../workflows/callRequest.js';

/** The policies that exist without a file. A file may replace them. */
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

/**
 * Reads a file of retry policies, a JSON object by name. Each fault is one line that begins with the variable
 * that names the file, or with the file if `variable` is null. The result has the built-in policies too,
 * unless the file replaces them.
 */
export function readPolicies(
  path: string,
  variable: string | null = 'RINGTRUE_POLICIES',
): { policies: Record<string, RetryPolicy> } | { faults: string[] } {
  const fault = (what: string) => ({
    faults: [variable === null ? `${path} is a file ${what}` : `${variable} is ${path}, ${what}`],
  });
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(path, 'utf8').replace(/^\uFEFF/, ''));
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
    // As the name of a property it would be lost without a sign.
    const checked = name === '__proto__' ? unusableName : checkRetryPolicy(input);
    if ('policy' in checked) policies[name] = checked.policy;
    else
      for (const one of checked.faults)
        faults.push(`${variable ?? path}, policy ${JSON.stringify(name)}: ${faultLine(one)}`);
  }
  return faults.length > 0 ? { faults } : { policies };
}

const unusableName = { faults: [{ path: 'its name', message: 'cannot be used; must be another one' }] };
