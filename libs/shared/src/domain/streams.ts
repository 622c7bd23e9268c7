/** A stream's name on the wire: what it is of, and the id. */
export type StreamName = `channel:${string}` | `user:${string}` | `workspace:${string}`;
export type StreamKind = 'channel' | 'user' | 'workspace';

export const channelStream = (id: string): StreamName => `channel:${id}`;
export const userStream = (id: string): StreamName => `user:${id}`;
export const workspaceStream = (id: string): StreamName => `workspace:${id}`;

/** Splits a well-formed name; undefined for anything else. */
export function parseStream(name: string): { kind: StreamKind; id: string } | undefined {
  const at = name.indexOf(':');
  const kind = name.slice(0, at);
  const id = name.slice(at + 1);
  if ((kind !== 'channel' && kind !== 'user' && kind !== 'workspace') || id.length === 0) return undefined;
  return { kind, id };
}
