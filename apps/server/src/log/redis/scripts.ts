import { Script } from '../../platform/redis/script.ts';
import { EPOCH_MS, PER_MS } from './position.ts';

/**
 * KEYS state, entries; ARGV a fresh mark, the most entries there may be, the entries.
 * Answers the mark and whether the entries were taken: all or none. A stream that is gone while its state is there, or
 * the other way round, gets a fresh mark, by which everybody sees that entries were lost.
 */
export const APPEND = new Script(`
local mark = redis.call('HGET', KEYS[1], 'mark')
if not mark or redis.call('EXISTS', KEYS[2]) == 0 then
  mark = ARGV[1]
  redis.call('HSET', KEYS[1], 'mark', mark)
end
if redis.call('XLEN', KEYS[2]) + #ARGV - 2 > tonumber(ARGV[2]) then return {mark, 0} end
local time = redis.call('TIME')
local position = (tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000) - ${EPOCH_MS}) * ${PER_MS}
local last = tonumber(redis.call('HGET', KEYS[1], 'last') or '0')
if position <= last then position = last + 1 end
for i = 3, #ARGV do
  redis.call('XADD', KEYS[2], string.format('%.0f-0', position), 'e', ARGV[i])
  position = position + 1
end
redis.call('HSET', KEYS[1], 'last', string.format('%.0f', position - 1))
return {mark, 1}`);

/**
 * KEYS state, entries; ARGV the mark under which the position was read, the position.
 * Nothing happens under another mark or for a lower position. It trims first: a Redis that is out of memory lets a script
 * write only behind something that frees memory, and this is what makes room there.
 */
export const ACKNOWLEDGE = new Script(`
local state = redis.call('HMGET', KEYS[1], 'mark', 'acknowledged')
if state[1] ~= ARGV[1] then return 0 end
if state[2] and tonumber(state[2]) >= tonumber(ARGV[2]) then return 0 end
redis.call('XTRIM', KEYS[2], 'MINID', string.format('%.0f-0', tonumber(ARGV[2]) + 1))
redis.call('HSET', KEYS[1], 'acknowledged', ARGV[2])
return 1`);
