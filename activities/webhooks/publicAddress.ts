import dns from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';

/** The host of a URL leads only to addresses that are not of the public internet. */
export class NotPublic extends Error {
  override readonly name = 'NotPublic';
}

/**
 * Sources: the IANA registries of special-purpose IPv4 and IPv6 addresses, and of multicast addresses. Metadata
 * services of clouds live on 169.254.169.254, 100.100.100.200, 192.0.0.192 and fd00:ec2::254, all inside these
 * ranges; Azure's on an address that looks public.
 */
const notPublicV4: [network: string, prefix: number][] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['168.63.129.16', 32],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
];

/** Of IPv6, only this much has been given out to the public internet, and not all of it. */
const allocatedV6 = new BlockList();
allocatedV6.addSubnet('2000::', 3, 'ipv6');
/** NAT64: the last 32 bits are an IPv4 address, which is what is reached. */
allocatedV6.addSubnet('64:ff9b::', 96, 'ipv6');

const notPublic = new BlockList();
for (const [network, prefix] of notPublicV4) {
  notPublic.addSubnet(network, prefix, 'ipv4');
  notPublic.addSubnet(`64:ff9b::${network}`, 96 + prefix, 'ipv6');
}
for (const [network, prefix] of [
  // IETF protocol assignments, among them Teredo, which embeds IPv4 addresses.
  ['2001::', 23],
  ['2001:db8::', 32],
  // 6to4, which embeds IPv4 addresses.
  ['2002::', 16],
  ['3fff::', 20],
] as const)
  notPublic.addSubnet(network, prefix, 'ipv6');

/** Does this IP address, as `net.isIP` knows them, belong to the public internet? */
export function isPublicAddress(address: string): boolean {
  if (isIP(address) === 4) return !notPublic.check(address, 'ipv4');
  // `check` takes whatever it cannot read (a zone, say) for an address that is not listed: so the list of the good goes first.
  return isIP(address) === 6 && allocatedV6.check(address, 'ipv6') && !notPublic.check(address, 'ipv6');
}

/**
 * Finds the addresses of a host as `dns.lookup` does, but gives only public ones: for `lookup` of `http.request`,
 * which connects to what it gets here, so that there is no second answer of the DNS to be tricked with. Fails with
 * `NotPublic` when nothing is left.
 *
 * Node does not look up a host that is an IP address already: ask `refuseLiteral` before.
 */
export function publicLookup(lookup: typeof dns.lookup = dns.lookup): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, resolved) => {
      if (error !== null) return callback(error, []);
      const addresses = resolved.filter(({ address }) => isPublicAddress(address));
      const [first] = addresses;
      if (first === undefined) return callback(notPublicError(hostname), []);
      return options.all === true ? callback(null, addresses) : callback(null, first.address, first.family);
    });
  };
}

/** Throws `NotPublic` when the URL's host is an IP address, in whatever notation, that is not public. */
export function rejectPrivateLiteral(url: URL): void {
  // The URL parser has turned 2130706433, 0x7f.1, 0177.0.0.1 and full-width digits into 127.0.0.1.
  const host = url.hostname.replace(/^\[|\]$/g, '');
  if (isIP(host) !== 0 && !isPublicAddress(host)) throw notPublicError(host);
}

function notPublicError(host: string): NotPublic {
  return new NotPublic(
    `${host} is not on the public internet: it leads to a private, local or otherwise reserved address`,
  );
}
