import { isIP } from 'node:net';

const FORWARDING = ['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto', 'x-real-ip', 'via'] as const;

/** True when some proxy has a hand in the request: it then has no loopback rights. */
export const isForwarded = (headers: Readonly<Record<string, string | undefined>>): boolean => FORWARDING.some((name) => headers[name] !== undefined);

export function isLoopbackAddress(address: string): boolean {
  const plain = address.startsWith('::ffff:') ? address.slice(7) : address;
  return plain === '::1' || (isIP(plain) === 4 && plain.startsWith('127.'));
}

/** True for hosts that only this machine can reach. */
export const isLoopbackHost = (host: string): boolean => host === 'localhost' || isLoopbackAddress(host);
