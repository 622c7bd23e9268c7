import type { Files, HeldBlob } from './port.ts';

/**
 * Bytes of files that have not come whole yet, each under the id of the file to be. What an upload is and whose, the store
 * knows. Where several processes answer, each sees what the others were sent.
 */
export interface Uploads {
  /** Makes a place for one. */
  begin(id: string): Promise<void>;
  /** How many bytes are there from the first one on, or null when there is no place for it. */
  size(id: string): Promise<number | null>;
  /**
   * Adds bytes behind the first `offset` ones and answers how many there are then; those outlast a power cut. When `bytes`
   * breaks off, what came of them stays and its error is thrown. Two at once at one offset have the same bytes, or ruin
   * nothing but their own upload.
   */
  append(id: string, offset: number, bytes: AsyncIterable<Uint8Array>): Promise<number>;
  /** Keeps the bytes of a whole one; they stay here too. @throws TooManyBytes, or an error when they have gone meanwhile */
  keep(id: string, limit: number, files: Files): Promise<HeldBlob>;
  remove(id: string): Promise<void>;
  /** All that there are, in no order. */
  ids(): AsyncIterable<string>;
}
