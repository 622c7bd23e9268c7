import type { ChannelWrite, FtsIndex } from './fts-index.ts';

type Calls = { [K in 'prepare' | 'cursors' | 'search' | 'clear']: Parameters<FtsIndex[K]> } & { write: ChannelWrite };
/** To the thread: one method's arguments each. */
export type ToThread = { [K in keyof Calls]: { id: number; method: K; args: Calls[K] } }[keyof Calls] | { close: true };
export type FromThread = { id: number; result: unknown } | { id: number; error: { name: string; message: string; code?: string } } | { opened: true };
export type MethodName = keyof Calls;
export type ArgsOf<K extends MethodName> = Calls[K];
export type ResultOf<K extends MethodName> = ReturnType<FtsIndex[K]>;
