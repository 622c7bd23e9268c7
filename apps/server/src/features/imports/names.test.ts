import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { alternatives, foldChannelName, foldUsername, isChannelName, isUsername } from './names.ts';

describe('names', () => {
  test.each([
    ['|trey|', 'trey'], ['matt|', 'matt'], ['usual', 'usual'], ['Zoë Müller', 'zoe-muller'], ['__foo__', 'foo__'], ['Straße', 'strasse'], ['[vVv]', 'vvv'],
    ['^^', 'u123'], ['', 'u123'], ['田中', 'u123'], ['x'.repeat(100), 'x'.repeat(64)], ['a`b\\c', 'a-b-c'],
  ])('username of %j is %j', (name, folded) => expect(foldUsername(name, 'U123')).toBe(folded));

  test.each([
    ['ubuntu', 'ubuntu'], ['Ops & Infra', 'ops-infra'], ['日本語', '日本語'], ['ubuntu-meeting', 'ubuntu-meeting'], ['#!', 'c1'], ['É', 'é'],
  ])('channel name of %j is %j', (name, folded) => expect(foldChannelName(name, 'C1')).toBe(folded));

  test('whatever it was, it is allowed, and so are its alternatives', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 120 }), (name) => {
      const user = alternatives(foldUsername(name, 'U1'), 64), channel = alternatives(foldChannelName(name, 'C1'), 80);
      for (let i = 0; i < 12; i++) {
        expect(isUsername(user.next().value as string)).toBe(true);
        expect(isChannelName(channel.next().value as string)).toBe(true);
      }
    }), { numRuns: 2_000 });
  });
});
