/**
 * Reads a PostgreSQL URL. Returns null if it is not one. A URL without a host, as for a socket directory in
 * `?host=/cloudsql/…`, gets the host `localhost` here, because a URL of the standard cannot lack one.
 */
export function parseDatabaseUrl(text: string): URL | null {
  if (!/^postgres(ql)?:\/\//.test(text)) return null;
  const withHost = text.replace(/^(postgres(?:ql)?:\/\/[^/?#]*@)(?=[/?#:]|$)/, '$1localhost');
  return URL.canParse(withHost) ? new URL(withHost) : null;
}
