import type { Readable } from 'node:stream';
import type * as Sdk from '@aws-sdk/client-s3';
import type * as Storage from '@aws-sdk/lib-storage';
import { ParleyError } from '@parley/shared/protocol/errors';
import type { Logger } from '../../platform/logger.ts';
import type { ByteRange } from '../port.ts';

export interface BucketPlace {
  bucket: string;
  /** Null: Amazon's, by region. */
  endpoint: string | null;
  region: string;
}
export interface StoredObject {
  key: string;
  size: number;
}
/** Bytes that may be read again, should the first try fail. */
export interface Body {
  readonly size: number;
  open(): Readable | Buffer;
}

/** Larger bodies go in parts, each of which is tried again by itself. */
const PART_BYTES = 8 * 1_048_576;
const MOST_PARTS = 10_000;
const PARTS_AT_ONCE = 2;
/** Requests of the client itself, its repeats included. */
const TRIES = 3;
const CONNECT_MS = 5_000;
const SILENCE_MS = 60_000;
/** A removal is not repeated and soon given up: it may only happen while its mark in the store lasts. */
const DELETE_MS = 15_000;

/**
 * One bucket of a server that speaks S3. The keys come from the client's own chain (`AWS_ACCESS_KEY_ID`, files, roles) and
 * are never logged. What the server refuses after the client's repeats is `unavailable`, or `storage_full` where it says so.
 */
export class S3Bucket {
  readonly #client: Sdk.S3Client;

  private constructor(private readonly place: BucketPlace, private readonly logger: Logger, private readonly sdk: typeof Sdk & Pick<typeof Storage, 'Upload'>) {
    this.#client = new sdk.S3Client({
      region: place.region, maxAttempts: TRIES,
      // A server of one's own has no name for each bucket.
      ...(place.endpoint !== null && { endpoint: place.endpoint, forcePathStyle: true }),
      requestHandler: { connectionTimeout: CONNECT_MS, requestTimeout: SILENCE_MS, throwOnRequestTimeout: true, httpAgent: { maxSockets: 512 }, httpsAgent: { maxSockets: 512 } },
    });
  }

  /** @throws as `check` */
  static async open(place: BucketPlace, logger: Logger): Promise<S3Bucket> {
    // A large library that most servers never need.
    const [sdk, { Upload }] = await Promise.all([import('@aws-sdk/client-s3'), import('@aws-sdk/lib-storage')]);
    const bucket = new S3Bucket(place, logger, { ...sdk, Upload });
    await bucket.check();
    return bucket;
  }

  /** @throws Error for a bucket that is not there or that one may not use; a server that is away for now may come yet. */
  async check(): Promise<void> {
    try {
      await this.#client.send(new this.sdk.HeadBucketCommand({ Bucket: this.place.bucket }));
    } catch (error) {
      const status = statusOf(error);
      if (status !== undefined && status < 500 && status !== 429) throw new Error(`PARLEY_FILES: the bucket ${this.place.bucket} answers ${status}: ${status === 404 ? 'there is none' : 'the credentials may not use it'}`, { cause: error });
      if (error instanceof Error && error.name === 'CredentialsProviderError') throw new Error('PARLEY_FILES: no credentials for S3 (AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a role)', { cause: error });
      this.logger.warn({ error: nameOf(error) }, 'the bucket of PARLEY_FILES cannot be reached yet');
    }
  }

  /** When it answers, the object is there whole and for good; before, nothing is to be seen of it. */
  async put(key: string, body: Body): Promise<void> {
    const { bucket } = this.place;
    if (body.size <= PART_BYTES) {
      const bytes = await bufferOf(body);
      await this.#asking(() => this.#client.send(new this.sdk.PutObjectCommand({ Bucket: bucket, Key: key, Body: bytes, ContentLength: bytes.byteLength })));
      return;
    }
    const partSize = Math.max(PART_BYTES, Math.ceil(body.size / MOST_PARTS));
    const source = body.open() as Readable;
    try {
      await this.#asking(() => new this.sdk.Upload({ client: this.#client, params: { Bucket: bucket, Key: key, Body: source, ContentLength: body.size }, partSize, queueSize: PARTS_AT_ONCE, leavePartsOnError: false }).done());
    } finally {
      source.destroy();
    }
  }

  /** The object's size, or null. */
  async size(key: string): Promise<number | null> {
    try {
      return (await this.#client.send(new this.sdk.HeadObjectCommand({ Bucket: this.place.bucket, Key: key }))).ContentLength ?? 0;
    } catch (error) {
      if (statusOf(error) === 404) return null;
      throw this.#mapped(error);
    }
  }

  /** Null when there is none. @throws RangeError for a range that does not lie within the object */
  async get(key: string, range?: ByteRange): Promise<Readable | null> {
    try {
      const answer = await this.#client.send(new this.sdk.GetObjectCommand({ Bucket: this.place.bucket, Key: key, ...(range && { Range: `bytes=${range.start}-${range.end}` }) }));
      const body = answer.Body as Readable;
      if (range && answer.ContentLength !== range.end - range.start + 1) {
        body.destroy();
        throw new RangeError(`bytes ${range.start} to ${range.end} do not all lie in the object`);
      }
      return body;
    } catch (error) {
      if (error instanceof RangeError) throw error;
      if (statusOf(error) === 404) return null;
      if (statusOf(error) === 416) throw new RangeError('the range lies outside');
      throw this.#mapped(error);
    }
  }

  /** It does not matter whether there is one. */
  async delete(key: string): Promise<void> {
    await this.#asking(() => this.#client.send(new this.sdk.DeleteObjectCommand({ Bucket: this.place.bucket, Key: key }), { abortSignal: AbortSignal.timeout(DELETE_MS) }));
  }

  /** Keys that begin so, in the order of their bytes. */
  async *list(prefix: string): AsyncGenerator<StoredObject> {
    for (let token: string | undefined; ; ) {
      const page = await this.#asking(() => this.#client.send(new this.sdk.ListObjectsV2Command({ Bucket: this.place.bucket, Prefix: prefix, ...(token !== undefined && { ContinuationToken: token }) })));
      for (const { Key: key, Size: size } of page.Contents ?? []) if (key !== undefined) yield { key, size: size ?? 0 };
      if (!page.IsTruncated || page.NextContinuationToken === undefined) return;
      token = page.NextContinuationToken;
    }
  }

  /** Gives up uploads in parts that began before `olderThan` (milliseconds): who sent them has died. @returns how many */
  async dropUnfinished(prefix: string, olderThan: number): Promise<number> {
    let dropped = 0;
    for (let marker: { KeyMarker?: string; UploadIdMarker?: string } = {}; ; ) {
      const page = await this.#asking(() => this.#client.send(new this.sdk.ListMultipartUploadsCommand({ Bucket: this.place.bucket, Prefix: prefix, ...marker })));
      for (const { Key: key, UploadId: id, Initiated: begun } of page.Uploads ?? []) {
        if (key === undefined || id === undefined || begun === undefined || begun.getTime() >= olderThan) continue;
        await this.#asking(() => this.#client.send(new this.sdk.AbortMultipartUploadCommand({ Bucket: this.place.bucket, Key: key, UploadId: id })));
        dropped++;
      }
      if (!page.IsTruncated || page.NextKeyMarker === undefined) return dropped;
      marker = { KeyMarker: page.NextKeyMarker, ...(page.NextUploadIdMarker !== undefined && { UploadIdMarker: page.NextUploadIdMarker }) };
    }
  }

  close(): void {
    this.#client.destroy();
  }

  async #asking<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw this.#mapped(error);
    }
  }

  /** An error of the wire, for what is no answer of use. */
  #mapped(error: unknown): Error {
    const status = statusOf(error);
    const name = nameOf(error);
    this.logger.warn({ error: name, ...(status !== undefined && { status }) }, 'the object store refused a request');
    if (status === 507 || /StorageFull|QuotaExceeded|InsufficientStorage/.test(name)) return new ParleyError('storage_full', 'there is no room for the file', { retry_after_ms: 5_000 });
    return new ParleyError('unavailable', 'the files cannot be reached', { retry_after_ms: 2_000 });
  }
}

const statusOf = (error: unknown): number | undefined => (error as { $metadata?: { httpStatusCode?: number } } | null)?.$metadata?.httpStatusCode;
/** Its kind only: the text of an error may quote a request. */
const nameOf = (error: unknown): string => (error instanceof Error ? error.name : 'unknown');

async function bufferOf(body: Body): Promise<Buffer> {
  const opened = body.open();
  if (Buffer.isBuffer(opened)) return opened;
  const parts: Buffer[] = [];
  for await (const part of opened) parts.push(part as Buffer);
  return Buffer.concat(parts);
}
