/** A11-4: one announcer for the whole app. Two polite nodes take turns so that the same words twice are said twice. */
const CLEAR_MS = 10_000;
const APART_MS = 1_000;

let nodes: HTMLElement[] = [];
let turn = 0;
let lastSaid = -APART_MS;
let queued: string | null = null;
let timer: ReturnType<typeof setTimeout> | undefined;
let clearing: ReturnType<typeof setTimeout> | undefined;

export function attachAnnouncer(region: HTMLElement): void {
  nodes = Array.from(region.children) as HTMLElement[];
}

/** Says a sentence politely; at most one a second, of several waiting ones the latest. `now` interrupts: only for what failed. */
export function announce(sentence: string, urgency: 'polite' | 'now' = 'polite'): void {
  if (urgency === 'now') {
    say(2, sentence);
    return;
  }
  const wait = lastSaid + APART_MS - performance.now();
  if (wait <= 0 && timer === undefined) {
    speak(sentence);
    return;
  }
  queued = sentence;
  timer ??= setTimeout(() => {
    timer = undefined;
    const next = queued;
    queued = null;
    if (next !== null) speak(next);
  }, Math.max(wait, 0));
}

function speak(sentence: string): void {
  lastSaid = performance.now();
  turn = 1 - turn;
  say(turn, sentence);
}

function say(index: number, sentence: string): void {
  nodes.forEach((node, at) => {
    if (at === index || at < 2) node.textContent = at === index ? sentence : '';
  });
  clearTimeout(clearing);
  clearing = setTimeout(() => nodes.forEach((node) => (node.textContent = '')), CLEAR_MS);
}
