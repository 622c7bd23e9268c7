import { describe, expect, it } from 'vitest';
import { ParleyError } from '@parley/shared/protocol/errors';
import { pinoLogger } from './pino-logger.ts';

describe('pinoLogger', () => {
  it('keeps secrets and message text out', () => {
    const lines: string[] = [];
    const logger = pinoLogger('debug', { write: (line: string) => void lines.push(line) });
    logger.info({ headers: { authorization: 'Bearer hush', cookie: 'hush' }, password: 'hush', body: { token: 'hush', deep: { content: 'hush' } } }, 'a line');
    logger.error({ err: new ParleyError('conflict', 'stands', { message: { content: 'hush' } as never }) }, 'refused');
    logger.child({ token: 'hush' }).warn({ err: Object.assign(new Error('broken'), { row: 'hush' }) }, 'failed');
    expect(lines).toHaveLength(3);
    for (const line of lines) expect(line).not.toContain('hush');
    expect(JSON.parse(lines[1]!)).toMatchObject({ err: { code: 'conflict', message: 'stands' }, msg: 'refused' });
  });
});
