import pino from 'pino';
import { ParleyError } from '@parley/shared/protocol/errors';
import type { Logger } from './logger.ts';

const SECRETS = ['authorization', 'cookie', 'password', 'token', 'secret', 'invite_token', 'local_key', 'content'];

/** JSON lines on stderr. What could hold a secret or a message's text is taken out, wherever it comes from. */
export function pinoLogger(level: string, destination: pino.DestinationStream = pino.destination({ fd: 2, sync: true })): Logger {
  return pino(
    {
      level,
      base: null,
      redact: { paths: SECRETS.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]), censor: '[redacted]' },
      serializers: { err: describeError },
      timestamp: pino.stdTimeFunctions.isoTime,
    },
    destination,
  ) as unknown as Logger;
}

/** An error's own words and place. Whatever else it carries may be a message or a row, and stays out. */
function describeError(error: unknown): unknown {
  if (error instanceof ParleyError) return { name: error.name, code: error.code, message: error.message, stack: error.stack };
  if (error instanceof Error) return { name: error.name, message: error.message, stack: error.stack, ...('code' in error ? { code: String(error.code) } : {}), ...(error.cause ? { cause: describeError(error.cause) } : {}) };
  return { name: 'unknown', message: typeof error };
}
