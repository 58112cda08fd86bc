import dns from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import ipaddr from 'ipaddr.js';

/** The host of a URL has no address on the public internet. */
export class NotPublic extends Error {
  override readonly name = 'NotPublic';
}

/**
 * Azure's metadata service lives on an address that looks public. Those of other clouds are in private
 * ranges.
 */
const azureMetadata = '168.63.129.16';

/**
 * IPv6 addresses of the public internet. Everything else is unassigned. Source: IANA, IPv6 Global Unicast
 * Address Space.
 */
const globalUnicast = ipaddr.IPv6.parseCIDR('2000::/3');

/** Source: RFC 6052. The last four bytes are the IPv4 address that is reached. */
const nat64 = ipaddr.IPv6.parseCIDR('64:ff9b::/96');

/**
 * Does this IP address, as `net.isIP` knows them, belong to the public internet? ipaddr.js knows the
 * special-purpose ranges; addresses that embed or tunnel IPv4 (mapped, 6to4, Teredo) are among them. Through
 * NAT64, the embedded address counts.
 */
export function isPublicAddress(address: string): boolean {
  // ipaddr.js also reads 127.1 and 2130706433, which Node would look up as names.
  if (isIP(address) === 0) return false;
  const parsed = ipaddr.parse(address);
  if (!(parsed instanceof ipaddr.IPv6)) return parsed.range() === 'unicast' && address !== azureMetadata;
  if (parsed.match(nat64)) return isPublicAddress(parsed.toByteArray().slice(12).join('.'));
  return parsed.range() === 'unicast' && parsed.match(globalUnicast);
}

/**
 * Looks up a host as `dns.lookup` does, but returns public addresses only. For `lookup` of `http.request`,
 * which connects to exactly these: a second DNS answer cannot trick it. Fails with `NotPublic` if there are
 * none.
 *
 * Node does not look up a host that is an IP address already: call `rejectPrivateLiteral` first.
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
  if (isPrivateLiteral(url)) throw notPublicError(hostOf(url));
}

/** Is the host of this URL, without any look-up, known not to be on the public internet? */
export function isPrivateHost(url: URL): boolean {
  // Source: RFC 6761.
  return isPrivateLiteral(url) || /(^|\.)localhost\.?$/.test(url.hostname);
}

function isPrivateLiteral(url: URL): boolean {
  const host = hostOf(url);
  return isIP(host) !== 0 && !isPublicAddress(host);
}

/** The URL parser has turned 2130706433, 0x7f.1, 0177.0.0.1 and full-width digits into 127.0.0.1. */
function hostOf(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, '');
}

function notPublicError(host: string): NotPublic {
  return new NotPublic(
    `${host} is not on the public internet: it leads to a private, local or otherwise reserved address`,
  );
}
