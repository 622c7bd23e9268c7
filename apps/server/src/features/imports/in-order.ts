/**
 * Puts nearly ordered items into order, holding at most `window` of them: what comes out is ascending unless something came
 * more than `window` places late. Bounded memory, whatever the length.
 */
export async function* inOrder<T>(items: AsyncIterable<T>, by: (item: T) => number, window: number): AsyncGenerator<T> {
  const heap: { key: number; at: number; item: T }[] = [];
  let at = 0;
  // Equal keys leave in the order they came.
  const less = (a: number, b: number) => heap[a]!.key < heap[b]!.key || (heap[a]!.key === heap[b]!.key && heap[a]!.at < heap[b]!.at);
  const swap = (a: number, b: number) => {
    [heap[a], heap[b]] = [heap[b]!, heap[a]!];
  };
  const pop = (): T => {
    const top = heap[0]!.item;
    const last = heap.pop()!;
    if (heap.length > 0) {
      heap[0] = last;
      for (let i = 0; ; ) {
        const left = 2 * i + 1;
        const least = left + 1 < heap.length && less(left + 1, left) ? left + 1 : left;
        if (least >= heap.length || !less(least, i)) break;
        swap(i, least);
        i = least;
      }
    }
    return top;
  };
  for await (const item of items) {
    heap.push({ key: by(item), at: at++, item });
    for (let i = heap.length - 1; i > 0 && less(i, (i - 1) >> 1); i = (i - 1) >> 1) swap(i, (i - 1) >> 1);
    if (heap.length > window) yield pop();
  }
  while (heap.length > 0) yield pop();
}
