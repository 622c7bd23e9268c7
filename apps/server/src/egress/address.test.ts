import { describe, expect, it } from 'vitest';
import { isPublicAddress } from './address.ts';
import { parseAllowList } from './allow-list.ts';

describe('isPublicAddress', () => {
  it.each(['8.8.8.8', '93.184.216.34', '2606:4700:4700::1111', '2a00:1450:4001:800::200e'])('lets %s through', (address) => {
    expect(isPublicAddress(address)).toBe(true);
  });

  it.each([
    '0.0.0.0', '10.1.2.3', '100.64.0.1', '100.100.100.200', '127.0.0.1', '127.255.255.254', '169.254.169.254', '168.63.129.16', '172.16.0.1', '172.31.255.255', '192.0.0.192', '192.0.2.1', '192.31.196.1', '192.52.193.1', '192.88.99.1', '192.168.1.1',
    '198.18.0.1', '198.51.100.1', '203.0.113.1', '224.0.0.1', '240.0.0.1', '255.255.255.255',
    '::', '::1', '::7f00:1', '::ffff:127.0.0.1', '::ffff:8.8.8.8', '::ffff:0:127.0.0.1', '64:ff9b::7f00:1', '64:ff9b:1::1', '2002:7f00:1::', '2001:0:7f00:1::', '2001:db8::1', 'fc00::1', 'fd00:ec2::254', 'fe80::1', 'fe80::1%eth0', 'fec0::1', 'ff02::1', '100::1', '2001:20::1', '2001:1::1', '2620:4f:8000::1', '3fff::1', '2a00:1450::5efe:a00:1', '2a00:1450::200:5efe:a00:1', '5f00::1',
    'localhost', '',
  ])('refuses %s', (address) => {
    expect(isPublicAddress(address)).toBe(false);
  });
});

describe('parseAllowList', () => {
  const list = parseAllowList(['10.0.0.0/8', 'fd00::/8', 'wiki.intra:8443', '[::1]:8080']);

  it.each([
    ['a.example', 80, '10.9.9.9', true], ['a.example', 80, '11.0.0.1', false], ['a.example', 80, 'fd12::1', true], ['a.example', 80, '::ffff:10.0.0.1', false],
    ['wiki.intra', 8443, '192.168.0.9', true], ['wiki.intra', 443, '192.168.0.9', false], ['::1', 8080, '::1', true], ['::1', 8081, '::1', false],
  ] as const)('%s at %i with %s: %s', (host, port, address, permitted) => {
    expect(list.permits(host, port, address)).toBe(permitted);
  });

  it.each(['10.0.0.0/99', 'wiki.intra', 'wiki.intra:0', 'wiki.intra:70000', 'http://wiki:80'])('refuses the entry %s', (entry) => {
    expect(() => parseAllowList([entry])).toThrow(RangeError);
  });
});
