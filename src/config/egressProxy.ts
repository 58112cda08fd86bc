/**
 * The proxy for https requests to `host`, by the usual variables, in upper or lower case: `HTTPS_PROXY`, then
 * `ALL_PROXY`, then `HTTP_PROXY`, which Twilio's SDK uses too. Null if none is set, or if `NO_PROXY` names the
 * host: `*`, a host, or a domain such as `.example.com`.
 */
export function egressProxy(host: string, set: Record<string, string>): { name: string; url: string } | null {
  const read = (name: string) => set[name] ?? set[name.toLowerCase()];
  const excluded = (read('NO_PROXY') ?? '').split(/[\s,]+/).some((entry) => {
    const domain = entry.toLowerCase().replace(/^\*?\./, '');
    return entry === '*' || (domain !== '' && (host === domain || host.endsWith(`.${domain}`)));
  });
  if (excluded) return null;
  for (const name of ['HTTPS_PROXY', 'ALL_PROXY', 'HTTP_PROXY']) {
    const url = read(name);
    if (url !== undefined) return { name, url: url.includes('://') ? url : `http://${url}` };
  }
  return null;
}
