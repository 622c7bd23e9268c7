import { writeFile } from 'node:fs/promises';
import { crc32, deflateRawSync } from 'node:zlib';

const MESSAGES_PER_DAY = 500;
const STEP_MS = 86_400_000 / MESSAGES_PER_DAY;
const START = Date.UTC(2024, 0, 1);
const PEOPLE = ['Amara', 'Tom', 'Mei', 'Ravi', 'Ines'];

/** When the nth message (from 1) of the archive was said. */
export const saidAt = (n: number): number => START + (n - 1) * STEP_MS;
/** The first message said at or after this time. */
export const firstSince = (at: number): number => Math.ceil((at - START) / STEP_MS) + 1;
/** What the nth message says; no text is part of another's. */
export const lineOf = (n: number): string => `Entry ${n}.`;

/** A Slack export with one public channel, `logbook`, of this many messages at an even pace, 500 a day from 1 January 2024 on. */
export async function writeLargeArchive(path: string, messages: number): Promise<void> {
  const zip = new ZipWriter();
  const ids = PEOPLE.map((_, i) => `U${String(i + 1).padStart(8, '0')}`);
  zip.add('users.json', PEOPLE.map((name, i) => ({ id: ids[i], name: name.toLowerCase(), real_name: name, profile: { email: `${name.toLowerCase()}@slack.example` } })));
  zip.add('channels.json', [{ id: 'C00000001', name: 'logbook', created: START / 1000, creator: ids[0], is_general: false, is_archived: false, members: ids }]);
  for (let first = 1; first <= messages; first += MESSAGES_PER_DAY) {
    const day = Array.from({ length: Math.min(MESSAGES_PER_DAY, messages - first + 1) }, (_, i) => {
      const n = first + i;
      return { type: 'message', user: ids[n % ids.length], text: `${lineOf(n)} Wind ${(n * 7) % 12} knots, berth ${(n * 13) % 40} taken.`, ts: `${(saidAt(n) / 1000).toFixed(6)}` };
    });
    zip.add(`logbook/${new Date(saidAt(first)).toISOString().slice(0, 10)}.json`, day);
  }
  await writeFile(path, zip.end());
}

/** The least of a zip archive: deflated files and their directory. */
class ZipWriter {
  #parts: Buffer[] = [];
  #directory: Buffer[] = [];
  #offset = 0;

  add(name: string, value: unknown): void {
    const data = Buffer.from(JSON.stringify(value));
    const packed = deflateRawSync(data, { level: 1 });
    const title = Buffer.from(name);
    const facts = Buffer.alloc(26);
    facts.writeUInt16LE(20, 0);
    facts.writeUInt16LE(0x800, 2);
    facts.writeUInt16LE(8, 4);
    facts.writeUInt32LE(crc32(data), 10);
    facts.writeUInt32LE(packed.length, 14);
    facts.writeUInt32LE(data.length, 18);
    facts.writeUInt16LE(title.length, 22);
    const local = Buffer.concat([Buffer.from('PK\x03\x04', 'latin1'), facts, title, packed]);
    const place = Buffer.alloc(14);
    place.writeUInt32LE(this.#offset, 10);
    this.#directory.push(Buffer.concat([Buffer.from('PK\x01\x02\x14\x00', 'latin1'), facts, place, title]));
    this.#parts.push(local);
    this.#offset += local.length;
  }

  end(): Buffer {
    const directory = Buffer.concat(this.#directory);
    const end = Buffer.alloc(22);
    end.write('PK\x05\x06', 'latin1');
    end.writeUInt16LE(this.#directory.length, 8);
    end.writeUInt16LE(this.#directory.length, 10);
    end.writeUInt32LE(directory.length, 12);
    end.writeUInt32LE(this.#offset, 16);
    return Buffer.concat([...this.#parts, directory, end]);
  }
}
