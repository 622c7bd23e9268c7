/** Encodings larger than this are not kept. */
const KEEP_BYTES = 1_048_576;

/**
 * Text frames of RFC 6455 as servers send them: final, unmasked, uncompressed. The last results are kept, since a fan-out
 * hands the same frames to one socket after the other.
 */
export class FrameEncoder {
  #frame = '';
  #encoded: Buffer | null = null;
  #frames: readonly string[] = [];
  #joined: Buffer | null = null;

  one(frame: string): Buffer {
    if (this.#encoded && frame === this.#frame) return this.#encoded;
    const encoded = encodeTextFrame(frame);
    if (encoded.length <= KEEP_BYTES) {
      this.#frame = frame;
      this.#encoded = encoded;
    }
    return encoded;
  }

  /** The frames one after the other in one buffer. */
  many(frames: readonly string[]): Buffer {
    if (this.#joined && same(frames, this.#frames)) return this.#joined;
    const joined = Buffer.concat(frames.map(encodeTextFrame));
    if (joined.length <= KEEP_BYTES) {
      this.#frames = [...frames];
      this.#joined = joined;
    }
    return joined;
  }
}

function same(a: readonly string[], b: readonly string[]): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

export function encodeTextFrame(text: string): Buffer {
  const length = Buffer.byteLength(text);
  const header = length < 126 ? 2 : length < 65_536 ? 4 : 10;
  const frame = Buffer.allocUnsafeSlow(header + length);
  frame[0] = 0x81;
  if (header === 2) frame[1] = length;
  else if (header === 4) {
    frame[1] = 126;
    frame.writeUInt16BE(length, 2);
  } else {
    frame[1] = 127;
    frame.writeBigUInt64BE(BigInt(length), 2);
  }
  frame.write(text, header);
  return frame;
}
