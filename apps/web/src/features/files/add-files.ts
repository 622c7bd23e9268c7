import { uuidv7 } from '@parley/shared/domain/ids';
import { getServer } from '@parley/shared/protocol/calls/accounts';
import { LIMITS } from '@parley/shared/protocol/limits';
import type { AttachedFile, Engine } from '@parley/shared/sync/api';
import { rgbaToThumbHash } from 'thumbhash';
import type { IntlShape } from 'react-intl';
import { translateWith } from '../../i18n/text.tsx';
import { callServer } from '../../state/api.ts';
import { announce } from '../../ui/announce.ts';
import { showToast } from '../../ui/toast.tsx';
import { previews } from './previews.ts';
import { bytesIn } from './use-bytes.ts';

/** Larger ones are not decoded here only to know their size. */
const MEASURED_BYTES = 60_000_000;
const THUMB_EDGE = 100;
const ids = { clock: { now: () => Date.now(), setTimer: () => ({ cancel: () => {} }) }, random: { bytes: (length: number) => crypto.getRandomValues(new Uint8Array(length)) } };

let limit: number | null = null;
/** The largest file that the server takes; what it said last when it cannot be asked. */
async function largest(): Promise<number> {
  if (limit !== null) return limit;
  const server = await callServer(getServer, {});
  limit = server.kind === 'ok' ? (server.value.limits['file_bytes'] ?? null) : null;
  return limit ?? Infinity;
}

/** CMP-8: adds files to a place's draft, in their order, and says before any upload which cannot be. */
export async function addFiles(place: { engine: Engine; channelId: string; rootId: string | null }, files: readonly File[], intl: IntlShape): Promise<void> {
  const { engine, channelId, rootId } = place;
  const t = translateWith(intl);
  const bytes = (size: number): string => bytesIn(intl, size);
  const most = await largest();
  const refuse = (text: string): void => { showToast(text); announce(text, 'now'); };
  const fitting = files.filter((file) => {
    if (file.size <= most) return true;
    refuse(t('files.too_large', { name: file.name, size: bytes(file.size), most: bytes(most) }));
    return false;
  });
  const room = Math.max(0, LIMITS.message_files - (engine.draft(channelId, rootId).get()?.files.length ?? 0));
  if (fitting.length > room) refuse(t('files.too_many', { n: LIMITS.message_files }));
  const taken = await Promise.all(fitting.slice(0, room).map(async (file) => ({ file, about: await describe(file) })));
  for (const { file, about } of taken) {
    if (about.width !== undefined) previews.put(about.id, file);
    engine.attach(channelId, rootId, about, file).catch(() => refuse(t('files.not_added', { name: file.name })));
  }
}

/** The bytes of a lost one, again. */
export const giveAgain = (engine: Engine, id: string, file: File): Promise<void> => engine.supply(id, file);

export async function describe(file: File): Promise<AttachedFile> {
  const about: AttachedFile = { id: uuidv7(ids.clock, ids.random), name: nameOf(file), size: file.size, mime: file.type || 'application/octet-stream' };
  if (!file.type.startsWith('image/') || file.type === 'image/svg+xml' || file.size > MEASURED_BYTES) return about;
  try {
    const bitmap = await createImageBitmap(file);
    const { width, height } = bitmap;
    const scale = Math.min(1, THUMB_EDGE / Math.max(width, height));
    const [w, h] = [Math.max(1, Math.round(width * scale)), Math.max(1, Math.round(height * scale))];
    const canvas = document.createElement('canvas');
    canvas.width = w;
    canvas.height = h;
    const drawing = canvas.getContext('2d', { willReadFrequently: true });
    drawing?.drawImage(bitmap, 0, 0, w, h);
    bitmap.close();
    const pixels = drawing?.getImageData(0, 0, w, h).data;
    return { ...about, width, height, ...(pixels && { thumbhash: btoa(String.fromCharCode(...rgbaToThumbHash(w, h, pixels))) }) };
  } catch {
    // It says that it is a picture, and this browser cannot read it: a file like any other.
    return about;
  }
}

/** Pasted pictures are all called `image.png`: a name with the time tells them apart. */
function nameOf(file: File): string {
  if (!/^image\.(png|jpe?g|gif|webp)$/i.test(file.name)) return file.name;
  const two = (n: number): string => String(n).padStart(2, '0');
  const now = new Date();
  return `picture-${now.getFullYear()}${two(now.getMonth() + 1)}${two(now.getDate())}-${two(now.getHours())}${two(now.getMinutes())}${two(now.getSeconds())}.${file.name.split('.').pop() ?? 'png'}`;
}
