import * as z from 'zod/mini';

/** Raised when an older program could not read what a newer one writes. */
export const FORMAT = 1;

/** Entries of the archive, a zip: what it is, each table as lines of JSON, the secret, bytes by their hash, and last what all of it adds up to. */
export const MANIFEST = 'parley-backup.json';
export const SUMS = 'sums.json';
export const SECRET = 'server.key';
export const tableEntry = (name: string): string => `tables/${name}.jsonl`;
export const COLLECTIONS = ['files', 'card-pictures'] as const;
export type Collection = (typeof COLLECTIONS)[number];
export const blobEntry = (collection: Collection, hash: string): string => `${collection}/${hash}`;

export const Manifest = z.object({ format: z.number(), id: z.string(), made_at: z.string(), version: z.string(), store: z.string(), incarnation: z.string() });
export type Manifest = z.infer<typeof Manifest>;

/** Counts and checksums of tables (`storage/move/table-sum.ts`), and of the bytes. `missing`: known by the tables, and gone before they were copied. */
export const Sums = z.object({
  tables: z.array(z.object({ table: z.string(), rows: z.number(), checksum: z.string() })),
  blobs: z.record(z.enum(COLLECTIONS), z.object({ count: z.number(), bytes: z.number(), missing: z.array(z.string()) })),
});
export type Sums = z.infer<typeof Sums>;

/** The file is no backup, is damaged, or was made by a newer Parley. */
export class BadBackup extends Error {
  override readonly name = 'BadBackup';
}
