import * as z from 'zod/mini';
import { defineCall } from '../call.ts';
import { text, Uuid } from '../common.ts';

export const ImportCounts = z.looseObject({ users: z.number(), channels: z.number(), messages: z.number(), replies: z.number(), reactions: z.number(), files: z.number() });
export type ImportCounts = z.infer<typeof ImportCounts>;

export const ImportStatus = z.looseObject({
  import_id: z.optional(Uuid),
  state: z.enum(['queued', 'running', 'done', 'failed']),
  counts: ImportCounts,
  /** What was not imported and why; the first 1,000, `skipped_total` counts all. */
  skipped: z.array(z.looseObject({ where: z.string(), reason: z.string() })),
  skipped_total: z.optional(z.number()),
  /** 0 to 1. */
  progress: z.number(),
  /** What is being read now, such as `ubuntu/2007-09-14.json`. */
  stage: z.optional(z.string()),
  /** Of a failed import: file, line and what is wrong. */
  error: z.optional(z.string()),
});
export type ImportStatus = z.infer<typeof ImportStatus>;

export const startImport = defineCall({
  path: 'imports', method: 'POST', auth: 'session', status: 202, body: 'raw', summary: 'Import an archive, which is the body',
  request: z.strictObject({ kind: z.enum(['slack']), workspace_id: Uuid, name: z.optional(text(255)) }),
  response: z.looseObject({ import_id: Uuid }),
});
export const getImport = defineCall({
  path: 'imports/{import_id}', method: 'GET', auth: 'session', status: 200, summary: 'How an import stands',
  request: z.strictObject({ import_id: Uuid }), response: ImportStatus,
});
