import { describe, expect, it } from 'vitest';
import { keywordIn, leadsIn, leadsOf } from './keywords.ts';

/** Text, then the keyword that is found in it, of those below. */
const CASES: [text: string, found: string | null][] = [
  ['The HARBOUR is open', 'harbour'], ['harbour-side', 'harbour'], ['harbours', null], ['`harbour`', null], ['', null], ['theHarbourMaster', null],
  ['über Straße', 'straße'], ['STRASSE', 'straße'], ['C++ rocks', 'c++'], ['c is not it', null], ['Herr Mueller', 'Müller'], ['Frau MÜLLER', 'Müller'],
  ['a pull request here', 'pull request'], ['request a pull', null], ['send an email', 'e-mail'], ['今日は港に行く', '港'], ['東京タワー', 'タワー'], ['ที่ประเทศไทย', 'ไทย'], ['ship 🚀', '🚀'],
];
const KEYWORDS = ['', '...', 'harbour', 'straße', 'c++', 'Müller', 'pull request', 'e-mail', '港', 'タワー', 'ไทย', '🚀'];

describe('keywords', () => {
  it.each(CASES)('%j has %j', (text, found) => expect(keywordIn(text, KEYWORDS)).toBe(found));

  it.each(CASES.filter(([, found]) => found !== null))('%j is found in an index by what %j is filed under', (text, found) => {
    const leads = new Set(leadsIn(text));
    expect(leadsOf(found!).some((lead) => leads.has(lead))).toBe(true);
  });

  it('what has no word in it is no keyword', () => expect([keywordIn('... and so on', ['...', ' ']), leadsOf('...')]).toEqual([null, []]));
});
