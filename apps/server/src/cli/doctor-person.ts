import { join } from 'node:path';
import { existsSync } from 'node:fs';
import { channelStream, userStream } from '@parley/shared/domain/streams';
import { microsToIso } from '@parley/shared/domain/timestamp';
import { loadConfig } from '../config/load-config.ts';
import { asTool } from '../storage/mongodb/in-use.ts';
import { openMongoStore } from '../storage/mongodb/mongodb-store.ts';
import { usernameClaim } from '../features/accounts/account-rows.ts';
import type { ReadTx } from '../storage/port.ts';
import { ReadPool } from '../storage/sqlite/read-pool.ts';
import { headOf } from '../storage/streams.ts';
import { channels, claims, delivered, deviceCursors, entities, sessions, users, type EntityRow, type MembershipDoc, type SessionRow } from '../storage/tables.ts';
import { UsageError, type Output } from './output.ts';

export interface DeviceReport {
  device_id: string;
  name: string;
  platform: string;
  state: 'signed in' | 'revoked' | 'expired';
  last_active_at: string;
  expires_at: string;
  /** When its cursors were noted last; null: never. */
  noted_at: string | null;
  channels: {
    channel_id: string;
    name: string;
    /** Up to which rev it has applied the channel, as noted last; null: it never said. */
    rev: number | null;
    head_rev: number;
    head_seq: number;
    /** What it acknowledged as delivered, if it does so. */
    delivered_seq: number | null;
  }[];
}

export interface PersonReport {
  user_id: string;
  username: string;
  /** Of the device used last, ended ones included. */
  last_active_at: string | null;
  devices: DeviceReport[];
}

const PAGE = 10_000;
/** Channels that a device is behind in, told to people; `--json` has all. */
const TOLD = 20;

/** Where a person's devices are: per device and channel what it has, and what there is. */
export async function reportPerson(tx: ReadTx, username: string): Promise<PersonReport | undefined> {
  const claim = await tx.get(claims, [usernameClaim(username)]);
  const user = claim && (await tx.get(users, [claim.owner_id]));
  if (!user) return undefined;
  const memberships = (await tx.find(entities, { prefix: [userStream(user.id), 'membership'], limit: PAGE })) as EntityRow<MembershipDoc>[];
  const joined = memberships.filter(({ doc }) => !doc.deleted).map(({ doc }) => doc.channel_id);
  const heads = new Map<string, { name: string; rev: number; seq: number; delivered: Map<string, number> }>();
  for (const id of joined) {
    const head = await headOf(tx, channelStream(id));
    const receipts = await tx.find(delivered, { prefix: [id, user.id], limit: PAGE });
    heads.set(id, { name: (await tx.get(channels, [id]))?.doc.name ?? '', rev: head.rev, seq: head.seq, delivered: new Map(receipts.map(({ device_id, seq }) => [device_id, seq])) });
  }
  const rows = await tx.find(sessions, { prefix: [user.id], limit: PAGE });
  const devices: DeviceReport[] = [];
  for (const row of rows) {
    const noted = await tx.get(deviceCursors, [user.id, row.device_id]);
    devices.push({
      device_id: row.device_id, name: row.name, platform: row.platform, state: stateOf(row),
      last_active_at: microsToIso(row.last_active_at), expires_at: microsToIso(row.expires_at), noted_at: noted ? microsToIso(noted.at) : null,
      channels: [...heads].map(([channel_id, head]) => ({ channel_id, name: head.name, rev: noted?.cursors[channelStream(channel_id)] ?? null, head_rev: head.rev, head_seq: head.seq, delivered_seq: head.delivered.get(row.device_id) ?? null })),
    });
  }
  const last = Math.max(...rows.map((row) => row.last_active_at));
  return { user_id: user.id, username: user.doc.username, last_active_at: rows.length > 0 ? microsToIso(last) : null, devices };
}

const stateOf = (row: SessionRow): DeviceReport['state'] => (row.revoked_at !== null ? 'revoked' : row.expires_at <= Date.now() * 1_000 ? 'expired' : 'signed in');

/** `parley doctor --person USERNAME`; the server may be running. */
export async function doctorPerson(out: Output, username: string, options: { data?: string; env?: Readonly<Record<string, string | undefined>> }): Promise<void> {
  const settings = loadConfig(options.env ?? process.env, { data: options.data });
  const report = await (settings.mongodbUrl === null ? inFile(join(settings.dataDirectory, 'parley.db'), username) : inMongo(settings.mongodbUrl, username));
  if (!report) throw new UsageError(`nobody has the username ${username}`);
  out.say(`${report.username} (${report.user_id}), last active ${report.last_active_at ?? 'never'}`);
  for (const device of report.devices) {
    const behind = device.channels.filter(({ rev, head_rev }) => rev !== null && rev < head_rev);
    const silent = device.channels.filter(({ rev }) => rev === null).length;
    out.say(
      '', `${device.name || 'a device'} (${device.platform || 'unknown'}, ${device.device_id}): ${device.state}, last active ${device.last_active_at}, cursors noted ${device.noted_at ?? 'never'}`,
      `  has all of ${device.channels.length - behind.length - silent} channels, is behind in ${behind.length}, said nothing of ${silent}`,
      ...behind.slice(0, TOLD).map((c) => `  ${c.name || c.channel_id}: rev ${c.rev} of ${c.head_rev}${c.delivered_seq === null ? '' : `, delivered up to message ${c.delivered_seq} of ${c.head_seq}`}`),
    );
  }
  out.result(report);
}

async function inFile(file: string, username: string): Promise<PersonReport | undefined> {
  if (!existsSync(file)) throw new UsageError(`${file}: there is no such file; name the data directory with --data`);
  const pool = new ReadPool(file);
  try {
    return await pool.read((tx) => reportPerson(tx, username));
  } finally {
    pool.close();
  }
}

async function inMongo(url: string, username: string): Promise<PersonReport | undefined> {
  const store = await openMongoStore({ url: asTool(url) });
  try {
    return await store.read((tx) => reportPerson(tx, username));
  } finally {
    await store.close();
  }
}
