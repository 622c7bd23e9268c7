import { uuidv7 } from '@parley/shared/domain/ids';
import type { CustomEmoji } from '@parley/shared/protocol/entities';
import { ParleyError } from '@parley/shared/protocol/errors';
import { LIMITS } from '@parley/shared/protocol/limits';
import { API_PREFIX } from '@parley/shared/protocol/version';
import { invalidField } from '../../edge/parse.ts';
import type { HeldBlob } from '../../files/port.ts';
import { NotAPicture, pictureFormat, type Picture } from '../../pictures/port.ts';
import type { Deps } from '../../platform/deps.ts';
import type { ActorRef } from '../channels/channel-access.ts';
import { fromDisk, holdsOf, removeUnknown } from '../files/intake.service.ts';
import { demandMayManage } from '../groups/groups.commands.ts';
import { isStandardName } from './standard-names.ts';

type EmojiDeps = Pick<Deps, 'store' | 'files' | 'pictures' | 'clock' | 'random'>;

const BOX = { maxWidth: LIMITS.emoji_pixels, maxHeight: LIMITS.emoji_pixels };
/** So many bytes are kept of one: many of them are on screen at once. */
const MAX_KEPT_BYTES = 524_288;

/** Adds an emoji of the picture that `body` is. @throws ParleyError `unsupported_media_type` for what is none, `too_large` */
export async function addEmoji(deps: EmojiDeps, who: ActorRef, input: { workspace_id: string; name: string }, body: AsyncIterable<Uint8Array>): Promise<CustomEmoji> {
  // Asked again in the command; here it saves reading a stranger's megabyte.
  await deps.store.read((tx) => demandMayManage(tx, who, input.workspace_id));
  if (isStandardName(input.name)) throw invalidField('name', 'is the name of an emoji that everybody has');
  const { moving, still } = await remake(deps, await read(body));
  const holding: HeldBlob[] = [];
  let referred = false;
  try {
    const keep = async (bytes: Uint8Array): Promise<HeldBlob> => {
      const held = await deps.files.keep(once(bytes), bytes.byteLength);
      holding.push(held);
      return held;
    };
    const picture = await keep(moving.bytes);
    const frame = same(moving.bytes, still.bytes) ? null : await keep(still.bytes);
    const id = uuidv7(deps.clock, deps.random);
    const emoji = await deps.store.run('emoji.add', {
      who: { user_id: who.user_id, server_role: who.server_role },
      emoji: { id, ...input, url: `${API_PREFIX}/emoji/${id}`, animated: frame !== null, width: moving.width, height: moving.height, added_by: who.user_id },
      picture: { hash: picture.hash, size: picture.size }, still: frame && { hash: frame.hash, size: frame.size }, holds: holdsOf(holding),
    });
    referred = true;
    return emoji;
  } catch (error) {
    throw fromDisk(error);
  } finally {
    for (const blob of holding) blob.release();
    // What the store refers to all the same, though it did not say so, stays.
    if (!referred) for (const blob of holding) await removeUnknown(deps, blob.hash).catch(() => false);
  }
}

async function remake(deps: EmojiDeps, bytes: Uint8Array): Promise<{ moving: Picture; still: Picture }> {
  if (!pictureFormat(bytes)) throw new ParleyError('unsupported_media_type', 'PNG, JPEG, GIF, WebP or AVIF');
  try {
    const [moving, still] = (await deps.pictures.sizes(bytes, [{ ...BOX, animated: true }, BOX])) as [Picture, Picture];
    if (moving.bytes.byteLength > MAX_KEPT_BYTES) throw new ParleyError('too_large', 'it has too many frames for an emoji');
    return { moving, still };
  } catch (error) {
    if (error instanceof NotAPicture) throw new ParleyError('unsupported_media_type', 'the picture cannot be read');
    throw error;
  }
}

async function read(body: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const part of body) {
      size += part.byteLength;
      if (size > LIMITS.emoji_upload_bytes) throw new ParleyError('too_large', `at most ${LIMITS.emoji_upload_bytes} bytes`);
      parts.push(part);
    }
  } catch (error) {
    throw fromDisk(error);
  }
  return Buffer.concat(parts);
}

const same = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
