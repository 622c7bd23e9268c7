/**
 * A deep copy of a JSON value. Fields that are `undefined` go, as they do in JSON; anything that JSON cannot carry is a
 * programming error and throws, so that every adapter refuses what one of them would lose.
 */
export function cloneJson<T>(value: T): T {
  return clone(value) as T;
}

function clone(value: unknown): unknown {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value;
    case 'number':
      if (!Number.isFinite(value)) throw new TypeError(`not a JSON number: ${value}`);
      return value + 0; // JSON has no negative zero
    case 'undefined':
      return undefined;
    case 'object':
      break;
    default:
      throw new TypeError(`not a JSON value: ${typeof value}`);
  }
  if (value === null) return null;
  if (Array.isArray(value)) return value.map((item) => (item === undefined ? null : clone(item)));
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) throw new TypeError('not a plain object');
  const copy: Record<string, unknown> = {};
  for (const [name, item] of Object.entries(value)) {
    if (item === undefined) continue;
    if (name === '__proto__') Object.defineProperty(copy, name, { value: clone(item), enumerable: true, configurable: true, writable: true });
    else copy[name] = clone(item);
  }
  return copy;
}
