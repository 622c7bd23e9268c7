import { lookup } from 'node:dns/promises';
import { isIP, type LookupFunction } from 'node:net';
import { isPublicAddress } from './address.ts';
import type { AllowList } from './allow-list.ts';
import { EgressError } from './egress-error.ts';

export interface ResolvedAddress {
  address: string;
  family: number;
}

export type Resolve = (host: string) => Promise<readonly ResolvedAddress[]>;

/** A target that passed the guard. `lookup` answers with the pinned addresses, all of them checked, whatever the name leads to by then. */
export interface Pinned {
  lookup: LookupFunction;
}

export type Guard = (url: URL) => Promise<Pinned>;

const systemResolve: Resolve = (host) => lookup(host, { all: true, verbatim: true });

/** Ports below 1024 that speak HTTP, and ports above on which other services listen that a request could be made to speak to. */
const HTTP_PORTS = new Set([80, 443]);
const OTHER_PORTS = new Set([1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6379, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 9100, 10080, 11211]);
const isSanePort = (port: number): boolean => (port < 1024 ? HTTP_PORTS.has(port) : !OTHER_PORTS.has(port));

/**
 * The one decision about where requests may go. A name is resolved once and the address pinned, so that a name that
 * changes between check and connection gains nothing; one forbidden address among several refuses the name.
 * @throws EgressError `refused_url`, `refused_address`, `unresolved`
 */
export function createGuard(allow: AllowList, resolve: Resolve = systemResolve): Guard {
  return async (url) => {
    if ((url.protocol !== 'https:' && url.protocol !== 'http:') || url.username !== '' || url.password !== '') throw new EgressError('refused_url', false);
    const host = url.hostname.replace(/^\[|\]$/g, '').toLowerCase();
    const port = Number(url.port || (url.protocol === 'https:' ? 443 : 80));
    const found = await addressesOf(host, resolve);
    const [first] = found;
    if (first === undefined) throw new EgressError('unresolved', false);
    const allowed = found.map(({ address }) => allow.permits(host, port, address));
    if (!found.every(({ address }, i) => isPublicAddress(address) || allowed[i])) throw new EgressError('refused_address', false);
    if (!isSanePort(port) && !allowed.every(Boolean)) throw new EgressError('refused_url', false);
    return { lookup: (_host, options, done) => (options.all === true ? done(null, [...found]) : done(null, first.address, first.family)) };
  };
}

async function addressesOf(host: string, resolve: Resolve): Promise<readonly ResolvedAddress[]> {
  const family = isIP(host);
  if (family !== 0) return [{ address: host, family }];
  try {
    return await resolve(host);
  } catch (cause) {
    throw new EgressError('unresolved', false, { cause });
  }
}
