import ipaddr from 'ipaddr.js';

/** What may be reached though it is not public: for intranets and tests. */
export interface AllowList {
  /** @param host the name or address that was asked for, lower case, without brackets. */
  permits(host: string, port: number, address: string): boolean;
}

type Entry = (host: string, port: number, address: string) => boolean;

/**
 * Entries are ranges (`10.0.0.0/8`, `fd00::/8`), which hold for every port, or `host:port` (`wiki.intra:443`,
 * `[::1]:8080`), which hold for whatever address that name has.
 * @throws RangeError naming the entry that is neither
 */
export function parseAllowList(entries: readonly string[]): AllowList {
  const permitted = entries.map(parseEntry);
  return { permits: (host, port, address) => permitted.some((entry) => entry(host, port, address)) };
}

function parseEntry(text: string): Entry {
  if (ipaddr.isValidCIDR(text)) {
    const [network, bits] = ipaddr.parseCIDR(text);
    return (_host, _port, address) => {
      const parsed = ipaddr.parse(address);
      return parsed.kind() === network.kind() && parsed.match(network, bits);
    };
  }
  const [, bracketed, name, digits] = /^(?:\[([0-9a-f:.]+)\]|([a-z0-9.-]+)):(\d{1,5})$/i.exec(text) ?? [];
  const wanted = (bracketed ?? name)?.toLowerCase();
  const wantedPort = Number(digits);
  if (wanted === undefined || wantedPort < 1 || wantedPort > 65_535) throw new RangeError(`neither a range nor host:port: ${text}`);
  return (host, port) => host === wanted && port === wantedPort;
}
