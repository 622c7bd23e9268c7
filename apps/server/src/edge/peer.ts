import { BlockList, isIP } from 'node:net';
import type { IncomingMessage } from 'node:http';

/** Whom a connection speaks for: the peer, or whoever the trusted proxies in front of it name. */
export type AddressOf = (request: Pick<IncomingMessage, 'headers' | 'socket'>) => string;

/** @param trusted addresses and CIDR ranges of proxies whose `X-Forwarded-For` is believed. */
export function addressReader(trusted: readonly string[]): AddressOf {
  if (trusted.length === 0) return (request) => plain(request.socket.remoteAddress ?? '');
  const proxies = blockList(trusted);
  const isProxy = (address: string): boolean => isIP(address) !== 0 && proxies.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
  return (request) => {
    let address = plain(request.socket.remoteAddress ?? '');
    const header = request.headers['x-forwarded-for'];
    const named = (Array.isArray(header) ? header.join(',') : (header ?? '')).split(',').map((part) => plain(part.trim())).filter(Boolean);
    // From right to left: each trusted proxy names the one before it; the first untrusted name is the client's.
    while (isProxy(address)) {
      const before = named.pop();
      if (before === undefined || isIP(before) === 0) break;
      address = before;
    }
    return address;
  };
}

/** @throws TypeError or RangeError for what is neither an address nor a range. */
export function blockList(entries: readonly string[]): BlockList {
  const list = new BlockList();
  for (const entry of entries) {
    const [address = '', bits] = entry.split('/');
    const family = isIP(address);
    if (family === 0) throw new TypeError(`${entry} is neither an address nor a range`);
    if (bits === undefined) list.addAddress(address, family === 6 ? 'ipv6' : 'ipv4');
    else list.addSubnet(address, /^\d{1,3}$/.test(bits) ? Number(bits) : -1, family === 6 ? 'ipv6' : 'ipv4');
  }
  return list;
}

const plain = (address: string): string => (address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address);
