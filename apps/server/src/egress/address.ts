import ipaddr from 'ipaddr.js';

/** Addresses that count as public by their range and yet are a cloud's own: its agents answer there without a sign-in. */
const METADATA = new Set(['168.63.129.16']);
const GLOBAL_V6 = ipaddr.parseCIDR('2000::/3');

/**
 * Whether an address is one of the open internet. Everything else is refused: loopback, private, link-local (with the
 * metadata services of clouds), multicast, reserved, and each IPv6 form that carries an IPv4 address inside (mapped,
 * compatible, NAT64, 6to4, Teredo), since a gateway could turn it into a private one. What is no address is not public.
 */
export function isPublicAddress(text: string): boolean {
  if (!ipaddr.isValid(text) || METADATA.has(text)) return false;
  const address = ipaddr.parse(text);
  if (address.range() !== 'unicast') return false;
  return address.kind() === 'ipv4' || address.match(GLOBAL_V6);
}
