import { deflateRawSync } from 'node:zlib';
import { crc32 } from './archive/zip.ts';

/** What goes into a test archive: JSON values, or the text of a file as it is. */
export type TestFiles = Record<string, unknown>;

interface ZipOptions {
  /** Names of files whose checksum is written wrong. */
  damage?: readonly string[];
  /** Names of files that claim to be encrypted. */
  encrypt?: readonly string[];
}

/** A zip archive with these files, small enough to be written without a library. */
export function zipOf(files: TestFiles, options: ZipOptions = {}): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const [name, value] of Object.entries(files)) {
    const data = Buffer.from(typeof value === 'string' ? value : JSON.stringify(value, null, 1));
    const packed = deflateRawSync(data);
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(options.encrypt?.includes(name) ? 0x801 : 0x800, 2);
    common.writeUInt16LE(8, 4);
    common.writeUInt32LE((crc32(data) ^ (options.damage?.includes(name) ? 1 : 0)) >>> 0, 10);
    common.writeUInt32LE(packed.length, 14);
    common.writeUInt32LE(data.length, 18);
    common.writeUInt16LE(Buffer.byteLength(name), 22);
    const local = Buffer.concat([Buffer.from('PK\x03\x04'), common, Buffer.from(name), packed]);
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE(offset, 10);
    directory.push(Buffer.concat([Buffer.from('PK\x01\x02\x14\x00', 'latin1'), common, tail, Buffer.from(name)]));
    parts.push(local);
    offset += local.length;
  }
  const central = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  end.writeUInt16LE(directory.length, 8);
  end.writeUInt16LE(directory.length, 10);
  end.writeUInt32LE(central.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...parts, central, end]);
}

export const testUser = (id: string, name: string, more: Record<string, unknown> = {}): Record<string, unknown> => ({ id, name, real_name: name, profile: { email: `${name.replace(/\W/g, '')}@slack.example` }, ...more });
export const said = (ts: string, user: string, text: string, more: Record<string, unknown> = {}): Record<string, unknown> => ({ type: 'message', ts, user, text, ...more });

/** A small workspace in which every kind of thing happens. */
export const smallExport = (): TestFiles => ({
  'users.json': [testUser('U1', '|Ann|'), testUser('U2', 'bob'), testUser('U3', 'Bob!'), testUser('U4', 'gone', { deleted: true }), testUser('U5', 'visitor', { is_restricted: true })],
  'channels.json': [
    { id: 'C1', name: 'lobby', is_general: true, creator: 'U1', members: ['U1', 'U2', 'U3'], topic: { value: 'Welcome' } },
    { id: 'C2', name: 'Röhren & Rohre', creator: 'U2', members: ['U2', 'U5'], is_archived: true },
  ],
  'groups.json': [{ id: 'G1', name: 'secret', creator: 'U1', members: ['U1', 'U2'] }],
  'dms.json': [{ id: 'D1', members: ['U1', 'U2'] }],
  'mpims.json': [{ id: 'G2', name: 'mpdm-a--b--c-1', members: ['U1', 'U2', 'U3'] }],
  'lobby/2020-01-01.json': [
    { type: 'message', subtype: 'channel_join', ts: '1577836800.000100', user: 'U2', text: '<@U2> has joined the channel' },
    said('1577836801.000200', 'U1', 'Hello *all*, <@U2> see <#C2|roehren> &amp; <http://x.org|x>', { reactions: [{ name: '+1', users: ['U2', 'U3'] }, { name: 'party_parrot', users: ['U2'] }], thread_ts: '1577836801.000200', reply_count: 2 }),
    said('1577836802.000300', 'U2', 'a reply', { thread_ts: '1577836801.000200', edited: { user: 'U2', ts: '1577836805.000000' } }),
    said('1577836803.000400', 'U3', 'told to all', { thread_ts: '1577836801.000200', subtype: 'thread_broadcast' }),
    said('1577836804.000500', 'U1', 'waves', { subtype: 'me_message' }),
    said('1577836804.000600', 'U2', '', { files: [{ id: 'F1', name: 'plan.pdf', size: 1234, mimetype: 'application/pdf' }] }),
    { type: 'message', subtype: 'bot_message', ts: '1577836806.000100', bot_id: 'B1', username: 'Build', text: 'green', attachments: [{ title: 'Job 7', title_link: 'http://ci.org/7', text: 'took 3 min' }] },
    { type: 'message', subtype: 'channel_topic', ts: '1577836807.000100', user: 'U1', topic: 'Welcome', text: '<@U1> set the channel topic: Welcome' },
    said('1577836808.000100', 'U9', 'from outside', { user_profile: { real_name: 'Otto Outside' } }),
    { type: 'message', subtype: 'message_changed', ts: '1577836809.000100', message: {} },
    said('1577836810.000100', 'U4', 'late to a thread', { thread_ts: '1500000000.000000' }),
    { type: 'message', user: 'U1', text: 'no time' },
  ],
  'Röhren & Rohre/2020-01-02.json': [said('1577923200.000100', 'U5', 'hi')],
  'secret/2020-01-02.json': [said('1577923200.000200', 'U1', 'psst')],
  'D1/2020-01-02.json': [said('1577923200.000300', 'U1', 'just us')],
  'mpdm-a--b--c-1/2020-01-02.json': [said('1577923200.000400', 'U3', 'three of us')],
});
