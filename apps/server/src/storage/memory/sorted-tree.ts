import { comparePrefix, type Position } from '../order.ts';

const WIDTH = 32;

interface Leaf<V> {
  readonly size: number;
  readonly positions: readonly Position[];
  readonly values: readonly V[];
  readonly children?: undefined;
}
interface Branch<V> {
  readonly size: number;
  /** The least position below each child. */
  readonly positions: readonly Position[];
  readonly children: readonly Node<V>[];
}
type Node<V> = Leaf<V> | Branch<V>;

/**
 * An immutable sorted map with ranks: a change answers a new tree that shares all but one path with the old one. So a
 * snapshot is a reference, a rollback is forgetting, and a count is two descents.
 */
export class SortedTree<V> {
  private constructor(private readonly root: Node<V>) {}

  static empty<V>(): SortedTree<V> {
    return new SortedTree<V>({ size: 0, positions: [], values: [] });
  }

  get size(): number {
    return this.root.size;
  }

  /** How many entries stand before `bound`, of which positions may have more parts; with `after`, also those that begin with it. */
  rank(bound: Position, after: boolean): number {
    let rank = 0;
    let node = this.root;
    while (node.children) {
      const at = Math.max(0, search(node.positions, bound, after) - 1);
      for (let i = 0; i < at; i++) rank += node.children[i]!.size;
      node = node.children[at]!;
    }
    return rank + search(node.positions, bound, after);
  }

  get(position: Position): V | undefined {
    let node = this.root;
    while (node.children) node = node.children[Math.max(0, search(node.positions, position, true) - 1)]!;
    const at = search(node.positions, position, false);
    const found = node.positions[at];
    return found && comparePrefix(found, position) === 0 ? node.values[at] : undefined;
  }

  /** Values at ranks from `from` up to but not including `to`. */
  slice(from: number, to: number): V[] {
    const out: V[] = [];
    collect(this.root, from, to, out);
    return out;
  }

  set(position: Position, value: V): SortedTree<V> {
    const nodes = insert(this.root, position, value);
    return new SortedTree(nodes.length === 1 ? nodes[0]! : branch(nodes));
  }

  /** The same tree when there is no such entry. */
  delete(position: Position): SortedTree<V> {
    const root = remove(this.root, position);
    if (root === this.root) return this;
    if (!root) return SortedTree.empty();
    let top = root;
    while (top.children && top.children.length === 1) top = top.children[0]!;
    return new SortedTree(top);
  }
}

/** The first place whose position is not before `bound`, or is behind it with `after`. */
function search(positions: readonly Position[], bound: Position, after: boolean): number {
  let low = 0;
  let high = positions.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const order = comparePrefix(positions[middle]!, bound);
    if (order < 0 || (after && order === 0)) low = middle + 1;
    else high = middle;
  }
  return low;
}

function collect<V>(node: Node<V>, from: number, to: number, out: V[]): void {
  if (!node.children) {
    for (let i = Math.max(0, from); i < Math.min(to, node.size); i++) out.push(node.values[i]!);
    return;
  }
  let start = 0;
  for (const child of node.children) {
    if (start >= to) return;
    if (start + child.size > from) collect(child, from - start, to - start, out);
    start += child.size;
  }
}

const leaf = <V>(positions: readonly Position[], values: readonly V[]): Leaf<V> => ({ size: positions.length, positions, values });

function branch<V>(children: readonly Node<V>[]): Branch<V> {
  let size = 0;
  for (const child of children) size += child.size;
  return { size, positions: children.map((child) => child.positions[0]!), children };
}

function insert<V>(node: Node<V>, position: Position, value: V): Node<V>[] {
  if (!node.children) {
    const at = search(node.positions, position, false);
    const values = node.values.slice();
    if (at < node.size && comparePrefix(node.positions[at]!, position) === 0) {
      values[at] = value;
      return [leaf(node.positions, values)];
    }
    const positions = node.positions.slice();
    positions.splice(at, 0, position);
    values.splice(at, 0, value);
    if (values.length <= WIDTH) return [leaf(positions, values)];
    // Entries mostly come in rising order: a full left half wastes nothing then.
    const middle = at === values.length - 1 ? WIDTH : WIDTH >> 1;
    return [leaf(positions.slice(0, middle), values.slice(0, middle)), leaf(positions.slice(middle), values.slice(middle))];
  }
  const at = Math.max(0, search(node.positions, position, true) - 1);
  const children = node.children.slice();
  children.splice(at, 1, ...insert(children[at]!, position, value));
  if (children.length <= WIDTH) return [branch(children)];
  const middle = at >= children.length - 2 ? WIDTH : WIDTH >> 1;
  return [branch(children.slice(0, middle)), branch(children.slice(middle))];
}

function remove<V>(node: Node<V>, position: Position): Node<V> | undefined {
  if (!node.children) {
    const at = search(node.positions, position, false);
    const found = node.positions[at];
    if (!found || comparePrefix(found, position) !== 0) return node;
    if (node.size === 1) return undefined;
    return leaf(node.positions.filter((_, i) => i !== at), node.values.filter((_, i) => i !== at));
  }
  const at = Math.max(0, search(node.positions, position, true) - 1);
  const child = remove(node.children[at]!, position);
  if (child === node.children[at]) return node;
  const children = node.children.slice();
  if (child) children[at] = child;
  else children.splice(at, 1);
  return children.length === 0 ? undefined : branch(children);
}
