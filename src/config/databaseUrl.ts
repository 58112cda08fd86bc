/**
 * Reads a PostgreSQL URL. Returns null if it is not one. A URL without a host, as for a socket directory in
 * `?host=/cloudsql/…`, gets the host `localhost` here, because a URL of the standard cannot lack one.
 */
export function parseDatabaseUrl(text: string): URL | null {
  if (!/^postgres(ql)?:\/\//.test(text)) return null;
  const withHost = text.replace(/^(postgres(?:ql)?:\/\/[^/?#]*@)(?=[/?#:]|$)/, '$1localhost');
  return URL.canParse(withHost) ? new URL(withHost) : null;
}

/**
 * The URL with `sslrootcert=FILE`, unless it has one already or asks for no TLS. The driver does not read
 * PGSSLROOTCERT by itself, and other programs of PostgreSQL do.
 */
export function withRootCertificate(databaseUrl: string, file: string | undefined): string {
  const mode = parseDatabaseUrl(databaseUrl)?.searchParams;
  if (file === undefined || !mode || mode.has('sslrootcert')) return databaseUrl;
  if ((mode.get('sslmode') ?? 'disable') === 'disable') return databaseUrl;
  return `${databaseUrl}&sslrootcert=${encodeURIComponent(file)}`;
}

/** The files that a PostgreSQL URL names, by parameter. The driver reads them before it connects. */
export function certificateFiles(databaseUrl: string): [parameter: string, file: string][] {
  const query = parseDatabaseUrl(databaseUrl)?.searchParams;
  return ['sslrootcert', 'sslcert', 'sslkey'].flatMap((parameter) => {
    const file = query?.get(parameter);
    return file ? [[parameter, file]] : [];
  });
}
