import { MAX_NESTING } from '@parley/shared/domain/markup/nesting';
import { parseMarkup } from '@parley/shared/domain/markup/parse';
import { LIMITS } from '@parley/shared/protocol/limits';
import { describe, expect, it } from 'vitest';
import { LongParser, PARSE_CAP_MS, type ParserWorker } from './long-parser.ts';
import { languageName } from './language-names.ts';
import { emojiGlyphs, onlyEmoji } from './only-emoji.ts';
import { permalinkPath, readPermalink } from '@parley/shared/domain/permalink';
import { tokensOf } from './tokens.ts';

const [W, C, M, R] = [1, 2, 3, 4].map((n) => `0190a000-0000-7000-8000-00000000000${n}`) as [string, string, string, string];

describe('LAY-8 permalinks', () => {
  it('LAY-8 of this server are read, by https and by parley', () => {
    const origin = 'https://chat.example:3210';
    expect(readPermalink(`${origin}/w/${W}/c/${C}/m/${M}/t/${R}`, origin)).toEqual({ workspaceId: W, channelId: C, messageId: M, rootId: R });
    expect(readPermalink(`parley://chat.example:3210/w/${W}/c/${C}`, origin)).toEqual({ workspaceId: W, channelId: C });
    expect(permalinkPath({ workspaceId: W, channelId: C, messageId: M })).toBe(`/w/${W}/c/${C}/m/${M}`);
  });

  it('LAY-8 of other servers and other paths are not', () => {
    const origin = 'https://chat.example';
    for (const url of [`https://chat.example.evil/w/${W}/c/${C}`, `https://other.example/w/${W}/c/${C}`, `${origin}/admin`, `${origin}/w/${W}/c/x`, `parley://other/w/${W}/c/${C}`]) expect(readPermalink(url, origin), url).toBeNull();
  });
});

describe('LST-26 code', () => {
  it('LST-26 colours are data, and keep every character', () => {
    const tokens = tokensOf('<span class="hljs-keyword">const</span> a = <span class="hljs-string">&quot;&lt;b&gt;&quot;</span>; <span class="hljs-title function_">f</span>()');
    expect(tokens.map((t) => t.text).join('')).toBe('const a = "<b>"; f()');
    expect(tokens.map((t) => t.kind)).toEqual(['keyword', null, 'string', null, 'func', null]);
    expect([languageName('ts'), languageName('python'), languageName(null)]).toEqual(['typescript', 'python', null]);
  });
});

describe('VIS-3 emoji alone', () => {
  it.each([['🎉', true], ['👍🏽 👩‍👩‍👧', true], ['🇩🇪', true], ['1️⃣', true], [':tada:', true], ['🎉🎉🎉🎉', false], ['ok 🎉', false], ['123', false], ['', false]])('VIS-3 %s', (text, alone) => {
    expect(onlyEmoji(parseMarkup(text))).toBe(alone);
  });

  it('VIS-3 glyphs are counted as they are seen', () => {
    expect(emojiGlyphs('👩‍👩‍👧👍🏽')).toHaveLength(2);
    expect(emojiGlyphs('a')).toBeNull();
  });
});

describe('LST-30 long texts', () => {
  it('LST-30 nesting is cut where the wire refuses it', () => {
    expect(MAX_NESTING).toBe(LIMITS.content_nesting);
  });

  function world() {
    const workers: (ParserWorker & { jobs: { id: number; content: string }[]; dead: boolean })[] = [];
    const timers: { run(): void; ms: number; off: boolean }[] = [];
    const parser = new LongParser(() => {
      const worker = { jobs: [] as { id: number; content: string }[], dead: false, onmessage: null, onerror: null, postMessage(job: { id: number; content: string }) { this.jobs.push(job); }, terminate() { this.dead = true; } };
      workers.push(worker);
      return worker;
    }, (run, ms) => { const timer = { run, ms, off: false }; timers.push(timer); return () => { timer.off = true; }; });
    const say = (at: number, kind: 'started' | 'done') => { const worker = workers[at]; const id = worker?.jobs[worker.jobs.length - 1]?.id ?? 0; worker?.onmessage?.({ data: { id, kind, markup: parseMarkup('x') } }); };
    return { parser, workers, timers, say };
  }

  it('LST-30 are parsed one after the other in one worker', async () => {
    const { parser, workers, timers, say } = world();
    const first = parser.parse('a');
    const second = parser.parse('b');
    expect(workers[0]?.jobs.map((j) => j.content)).toEqual(['a']);
    say(0, 'started');
    say(0, 'done');
    await expect(first).resolves.toEqual(parseMarkup('x'));
    expect([workers.length, timers[0]?.off]).toEqual([1, true]);
    say(0, 'started');
    say(0, 'done');
    await expect(second).resolves.not.toBeNull();
  });

  it('LST-30 one that takes over 100 ms loses its worker and is shown plain; the next gets a new one', async () => {
    const { parser, workers, timers, say } = world();
    const slow = parser.parse('slow');
    const next = parser.parse('next');
    say(0, 'started');
    expect(timers[0]?.ms).toBe(PARSE_CAP_MS);
    timers[0]?.run();
    await expect(slow).resolves.toBeNull();
    expect([workers[0]?.dead, workers[1]?.jobs.map((j) => j.content)]).toEqual([true, ['next']]);
    workers[1]?.onerror?.({});
    await expect(next).resolves.toBeNull();
  });
});
