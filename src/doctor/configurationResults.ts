import type { DoctorResult } from './doctorCheck.js';

/** One line for each fault of the configuration, named after its variable; one line if there is none. */
export function configurationResults(faults: readonly string[]): DoctorResult[] {
  if (faults.length > 0) return faults.map(resultOfFault);
  return [
    { name: 'configuration', ok: true, message: 'The environment variables have no fault.', fix: null },
  ];
}

/** Faults are written as `NAME is wrong; must be right`. */
function resultOfFault(fault: string): DoctorResult {
  const variable = /^([A-Z][A-Z_]+)\b/.exec(fault)?.[1];
  const at = fault.indexOf('; ');
  const right = at === -1 ? '' : fault.slice(at + 2).replace(/\.$/, '');
  const what = at === -1 ? fault : fault.slice(0, at);
  return {
    name: variable ?? 'configuration',
    ok: false,
    message: `${what.replace(/\.$/, '')}.`,
    fix: fixOf(variable, right),
  };
}

function fixOf(variable: string | undefined, right: string): string {
  if (right === '') return 'Correct it: docs/configuration.md describes every variable.';
  if (right.startsWith('must')) return `${variable ?? 'It'} ${right}.`;
  return `${right.charAt(0).toUpperCase()}${right.slice(1)}.`;
}
