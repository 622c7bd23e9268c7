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

/** A target that passed the guard. `lookup` answers with the pinned address, whatever the name leads to by then. */
export interface Pinned {
  address: string;
  lookup: LookupFunction;
}

export type Guard = (url: URL) => Promise<Pinned>;

const systemResolve: Resolve = (host) => lookup(host, { all: true, verbatim: true });

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
    if (!found.every(({ address }) => isPublicAddress(address) || allow.permits(host, port, address))) throw new EgressError('refused_address', false);
    return { address: first.address, lookup: (_host, options, done) => (options.all === true ? done(null, [first]) : done(null, first.address, first.family)) };
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
