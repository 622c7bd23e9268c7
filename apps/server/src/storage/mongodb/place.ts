/** Where a command is thought to write, by its arguments: a guess that costs a second try when it is wrong. */
export function placeOf(name: string, args: unknown): string {
  const channel = textOf(args, 'channel_id') ?? textOf(fieldOf(args, 'ref'), 'channel_id') ?? textOf(fieldOf(args, 'message'), 'channel_id');
  if (channel !== undefined) return `channel:${channel}`;
  const user = textOf(args, 'user_id') ?? textOf(fieldOf(args, 'who'), 'user_id');
  if (user !== undefined) return `user:${user}`;
  return textOf(args, 'stream') ?? name;
}

const fieldOf = (value: unknown, name: string): unknown => (typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined);

function textOf(value: unknown, name: string): string | undefined {
  const text = fieldOf(value, name);
  return typeof text === 'string' ? text : undefined;
}
