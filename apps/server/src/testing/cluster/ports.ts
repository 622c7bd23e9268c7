import { createServer } from 'node:net';

/** Below the range that outgoing connections take theirs from: a part that is started again finds its port free. */
const FROM = 18_000;
const TO = 32_000;
const given = new Set<number>();

/** A free port of the loopback address, given once by this process. */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < 1_000; tries++) {
    const port = FROM + Math.floor(Math.random() * (TO - FROM));
    if (given.has(port) || !(await isFree(port))) continue;
    given.add(port);
    return port;
  }
  throw new Error(`no free port from ${FROM} to ${TO}`);
}

function isFree(port: number): Promise<boolean> {
  const probe = createServer();
  return new Promise((resolve) => {
    probe.once('error', () => resolve(false));
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
  });
}
