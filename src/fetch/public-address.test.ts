import { describe, expect, test } from 'vitest';
import { isPublicAddress } from './public-address.ts';

const INSIDE: readonly (readonly [string, string])[] = [
  ['this host', '0.0.0.0'],
  ['this network', '0.1.2.3'],
  ['loopback', '127.0.0.1'],
  ['loopback, far end', '127.255.255.254'],
  ['private 10/8', '10.0.0.1'],
  ['private 172.16/12', '172.16.0.1'],
  ['private 172.16/12, far end', '172.31.255.255'],
  ['private 192.168/16', '192.168.1.1'],
  ['link-local', '169.254.0.1'],
  ['cloud metadata', '169.254.169.254'],
  ['container metadata', '169.254.170.2'],
  ['CGNAT', '100.64.0.1'],
  ['CGNAT, cloud metadata', '100.100.100.200'],
  ['CGNAT, far end', '100.127.255.255'],
  ['protocol assignments', '192.0.0.1'],
  ['documentation 1', '192.0.2.1'],
  ['documentation 2', '198.51.100.7'],
  ['documentation 3', '203.0.113.7'],
  ['benchmarking', '198.18.0.1'],
  ['benchmarking, far end', '198.19.255.255'],
  ['6to4 relay', '192.88.99.1'],
  ['multicast', '224.0.0.1'],
  ['multicast, SSDP', '239.255.255.250'],
  ['reserved', '240.0.0.1'],
  ['broadcast', '255.255.255.255'],
  ['unspecified v6', '::'],
  ['loopback v6', '::1'],
  ['loopback v6, long', '0:0:0:0:0:0:0:1'],
  ['IPv4-compatible loopback', '::127.0.0.1'],
  ['IPv4-mapped loopback', '::ffff:127.0.0.1'],
  ['IPv4-mapped loopback in hex', '::ffff:7f00:1'],
  ['IPv4-mapped public address', '::ffff:8.8.8.8'],
  ['IPv4-translated', '::ffff:0:127.0.0.1'],
  ['NAT64 of loopback', '64:ff9b::7f00:1'],
  ['NAT64 of metadata', '64:ff9b::a9fe:a9fe'],
  ['NAT64 of a public address', '64:ff9b::808:808'],
  ['local NAT64', '64:ff9b:1::1'],
  ['discard only', '100::1'],
  ['6to4 of loopback', '2002:7f00:1::'],
  ['6to4 of 10/8', '2002:a00:1::'],
  ['6to4 of a public address', '2002:808:808::'],
  ['Teredo', '2001:0:4136:e378:8000:63bf:3fff:fdd2'],
  ['ORCHIDv2', '2001:20::1'],
  ['benchmarking v6', '2001:2::1'],
  ['documentation v6', '2001:db8::1'],
  ['unique local fc', 'fc00::1'],
  ['unique local fd', 'fd00:ec2::254'],
  ['link-local v6', 'fe80::1'],
  ['link-local v6 with a zone', 'fe80::1%eth0'],
  ['site-local v6', 'fec0::1'],
  ['multicast v6', 'ff02::1'],
  ['outside what IANA gave out', '4000::1'],
];

const ODD_SPELLINGS: readonly string[] = [
  '2130706433',
  '0x7f000001',
  '017700000001',
  '127.1',
  '127.0.1',
  '0177.0.0.1',
  '0x7f.0.0.1',
  '127.000.000.001',
  '8.8.8.010',
  '8.8.2056',
  '134744072',
  '8.8.8.8.',
  ' 8.8.8.8',
  '8.8.8.8 ',
  '8.8.8.8\n',
  '８.8.8.8',
  '[::1]',
  '2606:4700:4700::1111%eth0',
  '1:2:3',
  '',
  'localhost',
];

describe('addresses of the inside are refused', () => {
  test.each(INSIDE)('%s (%s)', (_what, address) => {
    expect(isPublicAddress(address)).toBe(false);
  });
});

describe('odd spellings are refused, whatever they spell', () => {
  test.each(ODD_SPELLINGS)('"%s"', (address) => {
    expect(isPublicAddress(address)).toBe(false);
  });
});

test.each(['8.8.8.8', '1.1.1.1', '172.15.0.1', '172.32.0.1', '100.63.255.255', '2606:4700:4700::1111'])(
  '%s is out in the world',
  (address) => {
    expect(isPublicAddress(address)).toBe(true);
  },
);
