/** What the SIP response codes mean that a terminal status callback may carry. Source: RFC 3261 and, for 607 and 608, RFC 8197 and RFC 8688. */
const meanings: Record<number, string> = {
  400: 'Bad Request',
  403: 'Forbidden',
  404: 'Not Found: the number is not assigned or could not be routed',
  408: 'Request Timeout: the far network did not respond',
  410: 'Gone: the number is no longer in service',
  480: 'Temporarily Unavailable: switched off, out of coverage or not answered',
  484: 'Address Incomplete: the number is malformed or too short',
  486: 'Busy Here: busy, or declined by the callee',
  487: 'Request Terminated: ringing was given up',
  488: 'Not Acceptable Here',
  500: 'Server Internal Error at the carrier',
  502: 'Bad Gateway at the carrier',
  503: 'Service Unavailable: carrier trouble or congestion',
  504: 'Server Time-out at the carrier',
  600: 'Busy Everywhere',
  603: 'Decline: declined by a person, or blocked by the network (603+)',
  604: 'Does Not Exist Anywhere',
  606: 'Not Acceptable',
  607: 'Unwanted: the callee marked such calls as unwanted',
  608: 'Rejected: blocked by an analytics intermediary',
};

export function sipMeaning(code: number): string {
  return meanings[code] ?? `SIP response ${code}`;
}

/** Codes that say of the number that it cannot be reached, when the call failed or was not answered. */
export const unreachableSipCodes: ReadonlySet<number> = new Set([404, 410, 484, 604]);

/** The callee does not want such calls: never dialed again, whatever the retry policy says. */
export const sipUnwantedCode = 607;
