import type dns from 'node:dns';
import { describe, expect, it } from 'vitest';
import { isPublicAddress, NotPublic, publicLookup } from '../../activities/webhooks/publicAddress.js';

describe('addresses that are never posted to', () => {
  it.each([
    ['this host', '0.0.0.0', '0.255.255.255', '::'],
    ['loopback', '127.0.0.1', '127.255.255.255', '::1'],
    [
      'private',
      '10.0.0.0',
      '10.255.255.255',
      '172.16.0.0',
      '172.31.255.255',
      '192.168.0.0',
      '192.168.255.255',
    ],
    ['unique local', 'fc00::', 'fd00::1', 'fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
    ['site local', 'fec0::1'],
    ['link-local', '169.254.0.0', '169.254.255.255', 'fe80::1', 'febf::1', 'fe80::1%eth0'],
    ['carrier-grade NAT', '100.64.0.0', '100.127.255.255'],
    [
      'metadata of clouds',
      '169.254.169.254',
      '100.100.100.200',
      '192.0.0.192',
      '168.63.129.16',
      'fd00:ec2::254',
      'fd20:ce::254',
    ],
    ['multicast', '224.0.0.1', '239.255.255.255', 'ff02::1', 'ff0e::1'],
    ['reserved and broadcast', '240.0.0.1', '255.255.255.255', '4000::1', '100::1', '5f00::1'],
    ['documentation', '192.0.2.1', '198.51.100.1', '203.0.113.1', '2001:db8::1', '3fff::1'],
    ['benchmarking', '198.18.0.0', '198.19.255.255', '2001:2::1'],
    ['protocol assignments', '192.0.0.1', '2001::1', '2001:1ff:ffff::1'],
    [
      'IPv4 inside IPv6: mapped',
      '::ffff:127.0.0.1',
      '::ffff:7f00:1',
      '::ffff:10.0.0.1',
      '::ffff:8.8.8.8',
      '0:0:0:0:0:ffff:7f00:0001',
    ],
    ['IPv4 inside IPv6: compatible', '::127.0.0.1', '::7f00:1'],
    [
      'IPv4 inside IPv6: NAT64',
      '64:ff9b::127.0.0.1',
      '64:ff9b::a9fe:a9fe',
      '64:ff9b::10.1.2.3',
      '64:ff9b:1::1',
    ],
    [
      'IPv4 inside IPv6: 6to4 and Teredo',
      '2002:7f00:1::',
      '2002:808:808::1',
      '192.88.99.1',
      '2001:0:7f00:1::',
    ],
    ['no address at all', '', 'localhost', '127.1', '2130706433', '999.1.1.1', ':::1'],
  ])('%s', (_, ...addresses) => {
    expect(addresses.filter(isPublicAddress)).toEqual([]);
  });
});

describe('addresses of the public internet', () => {
  it.each([
    [
      'the neighbors of what is refused, IPv4',
      '1.0.0.0',
      '9.255.255.255',
      '11.0.0.0',
      '100.63.255.255',
      '100.128.0.0',
      '126.255.255.255',
      '128.0.0.0',
      '168.63.129.15',
      '169.253.255.255',
      '169.255.0.0',
      '172.15.255.255',
      '172.32.0.0',
      '192.0.1.0',
      '192.167.255.255',
      '192.169.0.0',
      '198.17.255.255',
      '198.20.0.0',
      '223.255.255.255',
    ],
    [
      'the neighbors of what is refused, IPv6',
      '2000::',
      '2001:200::',
      '2001:db7:ffff::',
      '2001:db9::',
      '2003::',
      '3ffe:ffff::',
      '3fff:1000::',
    ],
    ['well-known ones', '8.8.8.8', '2606:4700:4700::1111', '2a00:1450:4001::1'],
    ['through NAT64', '64:ff9b::8.8.8.8'],
  ])('%s', (_, ...addresses) => {
    expect(addresses.filter((address) => !isPublicAddress(address))).toEqual([]);
  });
});

describe('looking a host up', () => {
  it('a host has public and private addresses: only the public ones are used', async () => {
    expect(await lookUp({ all: true }, '10.0.0.1', '8.8.8.8', '::1', '2606:4700:4700::1111')).toEqual([
      { address: '8.8.8.8', family: 4 },
      { address: '2606:4700:4700::1111', family: 6 },
    ]);
  });

  it('one address is wanted: the first public one', async () => {
    expect(await lookUp({ all: false }, '10.0.0.1', '8.8.8.8')).toBe('8.8.8.8');
    expect(await lookUp({}, '127.0.0.1', '8.8.4.4')).toBe('8.8.4.4');
  });

  it.each([[['127.0.0.1']], [['::1', '127.0.0.1']], [['169.254.169.254', 'fe80::1%eth0']], [[]]])(
    'it has none but %j: refused',
    async (addresses) => {
      await expect(lookUp({ all: true }, ...addresses)).rejects.toThrow(NotPublic);
    },
  );

  it('the DNS answer changes between two requests: each connects to the address that was checked for it', async () => {
    const answers = [['8.8.8.8'], ['127.0.0.1']];
    const rebinding = publicLookup(resolverOf(() => answers.shift() ?? []));
    expect(await lookUpWith(rebinding, { all: true })).toEqual([{ address: '8.8.8.8', family: 4 }]);
    await expect(lookUpWith(rebinding, { all: true })).rejects.toThrow(NotPublic);
  });

  it('localhost, by the real resolver: refused', async () => {
    await expect(lookUpWith(publicLookup(), { all: true }, 'localhost')).rejects.toThrow(
      'localhost is not on the public internet',
    );
  });

  it('an unknown host: the error of the resolver', async () => {
    const unknown = ((_host: string, _options: unknown, callback: (error: Error) => void) =>
      callback(new Error('getaddrinfo ENOTFOUND'))) as typeof dns.lookup;
    await expect(lookUpWith(publicLookup(unknown), { all: true })).rejects.toThrow('ENOTFOUND');
  });
});

function lookUp(options: dns.LookupOptions, ...addresses: string[]): Promise<unknown> {
  return lookUpWith(publicLookup(resolverOf(() => addresses)), options);
}

/** A resolver whose answers are laid down. */
function resolverOf(addresses: () => string[]): typeof dns.lookup {
  return ((_host: string, _options: unknown, callback: (error: null, found: dns.LookupAddress[]) => void) =>
    callback(
      null,
      addresses().map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    )) as typeof dns.lookup;
}

function lookUpWith(
  lookup: ReturnType<typeof publicLookup>,
  options: dns.LookupOptions,
  host = 'receiver.example',
): Promise<unknown> {
  return new Promise((resolve, reject) =>
    lookup(host, options, (error, found) => (error ? reject(error) : resolve(found))),
  );
}
