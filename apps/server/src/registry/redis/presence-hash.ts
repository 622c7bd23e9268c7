import type { QuietHours } from '@parley/shared/domain/quiet-hours';
import type { Redis } from 'ioredis';
import type { ManualPresence } from '../port.ts';

export type DeviceState = 'online' | 'away';
/** A device of a person, at one gateway. */
export interface Place { state: DeviceState; gateway: string }
export interface Choice { choice: ManualPresence; until: number | null }

/** What Redis knows of a person. */
export interface PersonRecord {
  devices: Map<string, Place>;
  /** The last device that went, by the clock of its server. */
  left: { state: DeviceState; at: number } | null;
  choice: Choice;
  schedule: readonly QuietHours[];
}

/** Refreshed while a process has a device of the person; what a dead one leaves goes by itself. */
export const KEPT_S = 2 * 3_600;

/** KEYS person; ARGV device field, milliseconds, seconds to keep. The last state stays a while, so that a reconnection is not seen. */
const LEAVE = `
local state = redis.call('HGET', KEYS[1], ARGV[1])
if not state then return 0 end
redis.call('HDEL', KEYS[1], ARGV[1])
redis.call('HSET', KEYS[1], 'left', string.match(state, '^%a+') .. '@' .. ARGV[2])
redis.call('EXPIRE', KEYS[1], ARGV[3])
return 1`;

const keyOf = (userId: string): string => `parley:{u:${userId}}:here`;
type Pipeline = ReturnType<Redis['pipeline']>;

export const emptyRecord = (): PersonRecord => ({ devices: new Map(), left: null, choice: { choice: 'auto', until: null }, schedule: [] });

/** A hash a person: a field a device (`d:…`), what the person chose, hours without disturbance, who left last. Writes are put on a pipeline. */
export const presenceHash = {
  device: (on: Pipeline, userId: string, device: string, { state, gateway }: Place): Pipeline => on.hset(keyOf(userId), `d:${device}`, `${state}|${gateway}`).expire(keyOf(userId), KEPT_S),
  leave: (on: Pipeline, userId: string, device: string, now: number): Pipeline => on.eval(LEAVE, 1, keyOf(userId), `d:${device}`, now, KEPT_S),
  /** Devices of gateways that are gone. */
  forget: (on: Pipeline, userId: string, devices: readonly string[]): Pipeline => on.hdel(keyOf(userId), ...devices.map((device) => `d:${device}`)),
  choice: (on: Pipeline, userId: string, choice: Choice): Pipeline => on.hset(keyOf(userId), 'choice', JSON.stringify(choice)).expire(keyOf(userId), KEPT_S),
  quiet: (on: Pipeline, userId: string, schedule: readonly QuietHours[]): Pipeline => on.hset(keyOf(userId), 'quiet', JSON.stringify(schedule)).expire(keyOf(userId), KEPT_S),
  /** As above, where Redis does not know better. */
  restore: (on: Pipeline, userId: string, choice: Choice, schedule: readonly QuietHours[]): Pipeline =>
    on.hsetnx(keyOf(userId), 'choice', JSON.stringify(choice)).hsetnx(keyOf(userId), 'quiet', JSON.stringify(schedule)),

  /** In one round trip, in the order of the ids. @throws when Redis does not answer. */
  async read(client: Redis, userIds: readonly string[], now: number): Promise<PersonRecord[]> {
    const pipeline = client.pipeline();
    for (const id of userIds) pipeline.hgetall(keyOf(id));
    const answers = (await pipeline.exec()) ?? [];
    return userIds.map((_, i) => {
      const [error, hash] = answers[i] ?? [new Error('no answer')];
      if (error) throw error;
      return decode(hash as Record<string, string>, now);
    });
  },
};

function decode(hash: Record<string, string>, now: number): PersonRecord {
  const record = emptyRecord();
  for (const [field, value] of Object.entries(hash)) {
    if (!field.startsWith('d:')) continue;
    const [state, gateway = ''] = value.split('|');
    record.devices.set(field.slice(2), { state: state === 'online' ? 'online' : 'away', gateway });
  }
  const left = hash['left']?.split('@');
  if (left) record.left = { state: left[0] === 'online' ? 'online' : 'away', at: Number(left[1]) };
  const choice = hash['choice'] === undefined ? null : (JSON.parse(hash['choice']) as Choice);
  if (choice && (choice.until === null || choice.until > now)) record.choice = choice;
  if (hash['quiet'] !== undefined) record.schedule = JSON.parse(hash['quiet']) as QuietHours[];
  return record;
}
