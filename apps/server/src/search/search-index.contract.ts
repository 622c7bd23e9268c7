import { parseQuery } from '@parley/shared/domain/search/query';
import { termsOf } from '@parley/shared/domain/search/terms';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BadPosition, type IndexedMessage, type IndexQuestion, type SearchIndex } from './port.ts';

const OPEN = { channel_id: 'open', workspace_id: 'w', public: true };
const CLOSED = { channel_id: 'closed', workspace_id: 'w', public: false };
const OTHER = { channel_id: 'other', workspace_id: 'x', public: true };

const message = (seq: number, content: string, more: Partial<IndexedMessage> = {}): IndexedMessage => ({ seq, rev: seq, author_id: 'ana', created_us: 1_000_000 + seq * 10, content, files: [], traits: [], deleted: false, ...more });

/** What every search index does. `open` may be called again on the same place, for what has to last. */
export function searchIndexContract(name: string, open: () => { index: SearchIndex; again?: () => SearchIndex }): void {
  describe(`${name}: search index`, () => {
    let index: SearchIndex;
    let again: (() => SearchIndex) | undefined;
    beforeEach(async () => {
      ({ index, again } = open());
      await index.prepare('one');
    });
    afterEach(() => index.close());

    const ask = (q: string, more: Partial<IndexQuestion> = {}) => index.search({ workspace_id: 'w', terms: termsOf(parseQuery(q, '2026-01-15')), traits: [], readable: { public: true, channel_ids: [] }, sort: 'newest', limit: 50, ...more });
    const seqs = async (q: string, more: Partial<IndexQuestion> = {}) => (await ask(q, more)).candidates.map((c) => c.seq);

    it('IDX1 finds words, phrases, prefixes and parts, newest first', async () => {
      await index.write(OPEN, [message(1, 'Release notes for Müller'), message(2, 'notes on the release'), message(3, '北京大学 foo.barBaz 👍🏽'), message(4, 'nothing')], 4);
      expect(await seqs('release notes')).toEqual([2, 1]);
      expect(await seqs('"release notes"')).toEqual([1]);
      expect(await seqs('rel')).toEqual([2, 1]);
      expect(await seqs('rel notes')).toEqual([]);
      expect(await seqs('mueller')).toEqual([1]);
      for (const q of ['foo', 'bar', 'baz', 'foo.barbaz', '北京', '京', '大学', '👍', '👍🏽']) expect(await seqs(q), q).toEqual([3]);
      for (const q of ['oba', '京北', '👍🏿', '"', '*', 'NOT OR AND', 'a" OR words : "b']) expect(await seqs(q === '"' || q === '*' ? `${q} zzz` : q), q).toEqual([]);
    });

    it('IDX2 a later rev replaces, an earlier or equal one changes nothing, a deleted message leaves', async () => {
      await index.write(OPEN, [message(1, 'first'), message(2, 'second')], 2);
      await index.write(OPEN, [message(1, 'changed', { rev: 5 })], 5);
      expect([await seqs('first'), await seqs('changed')]).toEqual([[], [1]]);
      await index.write(OPEN, [message(1, 'stale', { rev: 3 }), message(1, 'same', { rev: 5 })], 4);
      expect([await seqs('stale'), await seqs('same'), await seqs('changed')]).toEqual([[], [], [1]]);
      await index.write(OPEN, [message(1, '', { rev: 6, deleted: true })], 6);
      await index.write(OPEN, [message(1, 'changed', { rev: 5 })], 6);
      expect(await seqs('changed')).toEqual([]);
      expect(await seqs('second')).toEqual([2]);
      expect(await index.cursors()).toEqual(new Map([['open', 6]]));
    });

    it('IDX3 filters by channel, author, trait and time, with and without words', async () => {
      await index.write(OPEN, [message(1, 'apple'), message(2, 'apple pie', { author_id: 'bo', traits: ['has:link', 'is:thread'] }), message(3, 'pear', { author_id: 'bo' })], 3);
      await index.write(CLOSED, [message(4, 'apple', { author_id: 'bo' })], 9);
      const all = { readable: { public: true, channel_ids: ['closed'] } };
      expect(await seqs('apple', { ...all, channel_ids: ['closed', 'unknown'] })).toEqual([4]);
      expect(await seqs('apple', { ...all, author_ids: ['bo', 'unknown'] })).toEqual([4, 2]);
      expect(await seqs('', { author_ids: ['bo'] })).toEqual([3, 2]);
      expect(await seqs('', { traits: ['has:link', 'is:thread'] })).toEqual([2]);
      expect(await seqs('apple', { traits: ['has:file'] })).toEqual([]);
      expect(await seqs('', { from_us: 1_000_020, to_us: 1_000_030 })).toEqual([2]);
      expect(await seqs('apple', { ...all, from_us: 1_000_021 })).toEqual([4]);
      expect(await seqs('apple', { channel_ids: ['unknown'] })).toEqual([]);
      expect(await seqs('apple', { author_ids: [] })).toEqual([]);
    });

    it('IDX4 keeps to the workspace and, as far as it knows, to what is readable', async () => {
      await index.write(OPEN, [message(1, 'secret')], 1);
      await index.write(CLOSED, [message(2, 'secret')], 1);
      await index.write(OTHER, [message(3, 'secret')], 1);
      expect(await seqs('secret')).toEqual([1]);
      expect(await seqs('secret', { readable: { public: false, channel_ids: ['closed'] } })).toEqual([2]);
      expect(await seqs('', { to_us: 2_000_000 })).toEqual([1]);
      await index.write({ ...OPEN, public: false }, [], 2);
      expect(await seqs('secret')).toEqual([]);
    });

    it('IDX5 pages go on where they ended, newest and by relevance, also when more comes', async () => {
      await index.write(OPEN, Array.from({ length: 25 }, (_, i) => message(i + 1, i % 5 === 0 ? 'apple apple apple' : `apple ${'and many other words '.repeat(3)}`)), 25);
      for (const sort of ['newest', 'relevance'] as const) {
        const whole = await seqs('apple', { sort, to_us: 2_000_000 });
        const paged: number[] = [];
        let after: string | undefined;
        for (;;) {
          const page = await ask('apple', { sort, limit: 4, to_us: 2_000_000, after });
          paged.push(...page.candidates.map((c) => c.seq));
          if (paged.length === 4) await index.write(OPEN, [message(100 + (sort === 'newest' ? 0 : 1), 'apple', { created_us: 3_000_000 })], 101);
          if (page.next === null) break;
          after = page.next;
        }
        expect(paged).toEqual(whole);
        expect(whole).toHaveLength(25);
        if (sort === 'newest') expect(whole).toEqual([...whole].sort((a, b) => b - a));
        else expect(whole.slice(0, 5).sort((a, b) => a - b)).toEqual([1, 6, 11, 16, 21]);
      }
    });

    it('IDX6 messages of one moment in two channels are both found', async () => {
      await index.write(OPEN, [message(1, 'twin', { created_us: 7 })], 1);
      await index.write(CLOSED, [message(1, 'twin', { created_us: 7 }), message(2, 'twin', { created_us: 8 })], 2);
      expect(await seqs('twin', { readable: { public: true, channel_ids: ['closed'] } })).toHaveLength(3);
    });

    it('IDX7 finds by names of files', async () => {
      await index.write(OPEN, [message(1, 'see this', { files: [{ name: 'Quarterly_Report-2026.pdf' }], traits: ['has:file'] })], 1);
      for (const q of ['report', 'quarterly', '2026.pdf', 'see report']) expect(await seqs(q), q).toEqual([1]);
    });

    it('IDX8 a position that no answer gave is refused', async () => {
      for (const after of ['', 'n.', 'r.1.2', 'n.99999999999999999999', 'x']) await expect(ask('a', { after })).rejects.toThrow(BadPosition);
      await expect(ask('a', { after: 'n.1', sort: 'relevance' })).rejects.toThrow(BadPosition);
    });

    it('IDX9 clearing, or another store, empties it', async () => {
      await index.write(OPEN, [message(1, 'apple')], 1);
      await index.prepare('one');
      expect(await seqs('apple')).toEqual([1]);
      await index.clear();
      expect([await seqs('apple'), await index.cursors()]).toEqual([[], new Map()]);
      await index.write(OPEN, [message(1, 'apple')], 1);
      await index.prepare('two');
      expect([await seqs('apple'), await index.cursors()]).toEqual([[], new Map()]);
    });

    it('IDX10 lasts over a restart, where it is kept', async () => {
      if (!again) return;
      await index.write(OPEN, [message(1, 'apple')], 1);
      await index.close();
      index = again();
      await index.prepare('one');
      expect([await seqs('apple'), await index.cursors()]).toEqual([[1], new Map([['open', 1]])]);
    });
  });
}
