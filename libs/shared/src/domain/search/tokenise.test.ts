import { describe, expect, it } from 'vitest';
import { matchTerms } from './match.ts';
import { parseQuery } from './query.ts';
import { termsOf } from './terms.ts';
import { tokenise } from './tokenise.ts';

const finds = (text: string, query: string): string[] | null => {
  const places = matchTerms(tokenise(text), termsOf(parseQuery(query, '2026-01-15')));
  return places && places.map(({ start, end }) => text.slice(start, end));
};

/** Text, then queries that find it with what they mark, then queries that do not. */
const CORPUS: [language: string, text: string, found: Record<string, string[]>, not: string[]][] = [
  ['English', 'The Quick brown fox', { quick: ['Quick'], 'QUICK fox': ['Quick', 'fox'], bro: ['brown'], '"quick brown"': ['Quick brown'], 'fox the': ['The', 'fox'] }, ['bro fox', '"brown quick"', '"quick bro"', 'foxes']],
  ['English', "Don't e-mail the café's O’Brien", { "don't": ["Don't"], dont: ["Don't"], email: ['e-mail'], 'e-mail': ['e-mail'], mail: ['mail'], cafe: ["café's"], '"cafe s"': ["café's"], obrien: ['O’Brien'], brien: ['Brien'] }, ['maile']],
  ['English', 'send email now', { 'e-mail now': ['email', 'now'], 'e-mail': ['email'] }, ['"e mail"']],
  ['English', 'co\u00adoperate, naïve résumé ﬁne', { cooperate: ['co\u00adoperate'], naive: ['naïve'], resume: ['résumé'], fine: ['ﬁne'] }, []],
  ['German', 'Die Müllers grüßen Straße und Öl', { mullers: ['Müllers'], muellers: ['Müllers'], Müllers: ['Müllers'], grussen: ['grüßen'], strasse: ['Straße'], STRASSE: ['Straße'], oel: ['Öl'], ol: ['Öl'] }, ['muell und', 'milch']],
  ['German', 'Herr Mueller', { müller: ['Mueller'], mueller: ['Mueller'] }, ['muller']],
  ['Nordic, Polish, Turkish', 'Ærø łódź İstanbul þing', { aero: ['Ærø'], lodz: ['łódź'], istanbul: ['İstanbul'], thing: ['þing'] }, []],
  ['Greek and Russian', 'Ο λόγος ёлка', { λογος: ['λόγος'], ΛΟΓΟΣ: ['λόγος'], елка: ['ёлка'] }, []],
  ['Arabic', 'السَّلامُ عَلَيْكُم أهلاً مدرسة مـــرحبا', { السلام: ['السَّلامُ'], عليكم: ['عَلَيْكُم'], اهلا: ['أهلاً'], مدرسه: ['مدرسة'], مرحبا: ['مـــرحبا'], سلام: [] as string[] }, ['كتاب']],
  ['Hebrew and Hindi', 'שָׁלוֹם नमस्ते', { שלום: ['שָׁלוֹם'], नमस्ते: ['नमस्ते'] }, ['नमसता']],
  ['Chinese', '我们明天去北京大学开会。', { 北京: ['北京'], 北京大学: ['北京大学'], 会: ['会'], 京: ['京'], '明天 北京': ['明天', '北京'], 开会: ['开会'] }, ['京北', '上海', '北大']],
  ['Japanese', '東京タワーへ行きました。ﾃﾞｰﾀ', { 東京: ['東京'], タワー: ['タワー'], ﾀﾜｰ: ['タワー'], 行き: ['行き'], データ: ['ﾃﾞｰﾀ'] }, ['京都', 'デワ']],
  ['Japanese with Latin', '新しいiPhoneを買った', { iphone: ['iPhone'], 新しい: ['新しい'], 'iphoneを': ['iPhoneを'] }, []],
  ['Korean', '서울에서 만나요', { 서울: ['서울'], 만나: ['만나'] }, ['부산']],
  ['Thai', 'วันนี้อากาศดีมากที่ประเทศไทย', { อากาศ: ['อากาศ'], ประเทศไทย: ['ประเทศไทย'], ไทย: ['ไทย'] }, ['ฝนตก']],
  ['emoji', 'ship it 🚀 👍🏽 👩‍💻 🇩🇪 ❤️ 1️⃣', { '🚀': ['🚀'], '👍': ['👍🏽'], '👍🏽': ['👍🏽'], '👩‍💻': ['👩‍💻'], '🇩🇪': ['🇩🇪'], '❤️': ['❤️'], '1️⃣': ['1️⃣'] }, ['👍🏿', '🇫🇷', '👩']],
  ['code', 'call foo.barBaz() in HTTPServer.ts', { foo: ['foo'], bar: ['barBaz'], baz: ['Baz'], 'foo.barbaz': ['foo.barBaz'], 'foo.barBaz': ['foo.barBaz'], barbaz: ['barBaz'], server: ['Server'], httpserver: ['HTTPServer'], 'server.ts': [] as string[], http: ['HTTPServer'] }, ['oo', 'foobar']],
  ['code', 'snake\\_case `max_old_space` src/app/main.ts:42 utf8 GitHub actions', { snake_case: ['snake\\_case'], space: ['space'], max_old: ['max_old'], 'src/app': ['src/app'], 'main.ts': ['main.ts'], 42: ['42'], utf8: ['utf8'], '"github actions"': ['GitHub actions'], hub: ['Hub'] }, ['space_old']],
  ['code', 'C++ beats C# and c, v1.2.3 at https://example.org/a-b?q=1', { 'c++': ['C++'], 'c#': ['C#'], '1.2': [] as string[], 'v1.2': ['v1.2'], 'example.org': ['example.org'], 'a-b': ['a-b'] }, ['d++', 'c++ c+++x']],
  ['references', 'hi <@0190a000-0000-7000-8000-000000000001> see <#0190a000-0000-7000-8000-000000000002>', { hi: ['hi'], see: ['see'] }, ['0190a000', '7000']],
];

const { performance: watch } = globalThis as unknown as { performance: { now(): number } };
const now = (): number => watch.now();

describe('the tokeniser', () => {
  for (const [language, text, found, not] of CORPUS) {
    for (const [query, marked] of Object.entries(found)) {
      if (marked.length === 0) continue;
      it(`${language}: ${query} finds ${text}`, () => expect(new Set(finds(text, query))).toEqual(new Set(marked)));
    }
    for (const query of not) it(`${language}: ${query} does not find ${text}`, () => expect(finds(text, query)).toBeNull());
  }

  it('keeps each token at its place in the text', () => {
    for (const [, text] of CORPUS) for (const token of tokenise(text)) expect(token.end > token.start && token.end <= text.length).toBe(true);
  });

  it('cuts a message of the greatest length in a moment, whatever it is made of', () => {
    for (const piece of ['word ', '._', 'a.', "a'", '字', 'ไทย', '<@', 'aB', '👩‍💻', '\\_', 'é\u0301\u0301', '#', '+']) {
      const started = now();
      tokenise(piece.repeat(16_000 / piece.length));
      expect(now() - started, piece).toBeLessThan(1_000);
    }
  });
});
