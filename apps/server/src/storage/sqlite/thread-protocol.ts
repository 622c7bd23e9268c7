import type { Command } from './batch-writer.ts';
import type { Settings } from './connection.ts';
import type { WireError } from './errors.ts';
import type { FilingLimits } from './filing.ts';
import type { StoredEvent } from '../port.ts';

/** What the writer's thread is started with. */
export interface WriterData {
  file: string;
  /** A module whose `COMMANDS` are run in place of the product's. */
  commandsModule?: string;
  filing?: FilingLimits;
  maxBatch?: number;
}

export type ToWriter = { type: 'run'; commands: (Command & { id: number })[] } | { type: 'close' };

export type FromWriter =
  | { type: 'ready'; settings: Settings }
  | { type: 'committed'; outcomes: { id: number; result?: unknown; error?: WireError }[]; events: StoredEvent[]; changed: string[]; seconds: number; problem?: string }
  | { type: 'closed' };
