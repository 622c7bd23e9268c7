import { describe, expect, it } from 'vitest';
import { networkOf } from '../platform/rate-limits.ts';
import { isForwarded, isLoopbackAddress } from './origin.ts';
import { addressReader } from './peer.ts';

const request = (remoteAddress: string, forwarded?: string) => ({ socket: { remoteAddress }, headers: forwarded === undefined ? {} : { 'x-forwarded-for': forwarded } }) as unknown as Parameters<ReturnType<typeof addressReader>>[0];

describe('addressReader', () => {
  it('ignores forwarding headers of whoever is not trusted', () => {
    expect(addressReader([])(request('10.0.0.1', '1.2.3.4'))).toBe('10.0.0.1');
    expect(addressReader(['10.0.0.2'])(request('10.0.0.1', '1.2.3.4'))).toBe('10.0.0.1');
    expect(addressReader([])(request('::ffff:10.0.0.1'))).toBe('10.0.0.1');
  });

  it('takes the last name that no trusted proxy has, whatever the client wrote before it', () => {
    const read = addressReader(['10.0.0.0/8', '::1']);
    expect(read(request('10.0.0.1', '9.9.9.9, 1.2.3.4, 10.0.0.7'))).toBe('1.2.3.4');
    expect(read(request('::1', '1.2.3.4'))).toBe('1.2.3.4');
    expect(read(request('10.0.0.1', 'nonsense'))).toBe('10.0.0.1');
    expect(read(request('10.0.0.1', ''))).toBe('10.0.0.1');
  });
});

describe('where a request comes from', () => {
  it('is loopback only by address, and forwarded by any of the usual headers', () => {
    expect(['127.0.0.1', '127.8.8.8', '::1', '::ffff:127.0.0.1'].every(isLoopbackAddress)).toBe(true);
    expect(['10.0.0.1', '128.0.0.1', '127.0.0.1.example.org', ''].some(isLoopbackAddress)).toBe(false);
    expect(isForwarded({ 'x-real-ip': '1.2.3.4' })).toBe(true);
    expect(isForwarded({ host: 'x' })).toBe(false);
  });

  it('counts a customer\'s IPv6 network as one', () => {
    expect(networkOf('2001:db8:1:2:3:4:5:6')).toBe('2001:db8:1:2');
    expect(networkOf('2001:db8::6')).toBe('2001:db8:0:0');
    expect(networkOf('10.0.0.1')).toBe('10.0.0.1');
  });
});
