import ipaddr from 'ipaddr.js';

/** Addresses that count as public by their range and yet are a cloud's own: its agents answer there without a sign-in. */
const METADATA = new Set(['168.63.129.16']);
const GLOBAL_V6 = ipaddr.parseCIDR('2000::/3');
/** Of special use though inside the unicast ranges: relays and tunnels, documentation, identifiers that are no addresses. */
const SPECIAL = ['192.31.196.0/24', '192.52.193.0/24', '192.88.99.0/24', '192.175.48.0/24', '2001::/23', '2001:db8::/32', '2002::/16', '2620:4f:8000::/48', '3ffe::/16', '3fff::/20'].map((range) => ipaddr.parseCIDR(range));
/** The end of an IPv6 address that ISATAP makes of an IPv4 one. */
const ISATAP = [0x0000_5efe, 0x0200_5efe];

/**
 * Whether an address is one of the open internet. Everything else is refused: loopback, private, link-local (with the
 * metadata services of clouds), multicast, reserved, and each IPv6 form that carries an IPv4 address inside (mapped,
 * compatible, NAT64, 6to4, Teredo, ISATAP), since a gateway could turn it into a private one. What is no address is not public.
 */
export function isPublicAddress(text: string): boolean {
  if (!ipaddr.isValid(text) || METADATA.has(text)) return false;
  const address = ipaddr.parse(text);
  if (address.range() !== 'unicast') return false;
  if (SPECIAL.some(([network, bits]) => network.kind() === address.kind() && address.match(network, bits))) return false;
  if (address instanceof ipaddr.IPv4) return true;
  const [high = 0, low = 0] = address.parts.slice(4, 6);
  return address.match(GLOBAL_V6) && !ISATAP.includes(high * 0x1_0000 + low);
}
