import { describe, expect, it } from 'vitest';
import { parseMentions } from './mentions.ts';

const A = '0190a000-0000-7000-8000-00000000000a';
const B = '0190a000-0000-7000-8000-00000000000b';

describe('mentions', () => {
  it('finds people and groups once each, in order', () => {
    expect(parseMentions(`<@${B}> and <@${A}>, again <@${B}> <!group^${A}>`)).toEqual({ user_ids: [B, A], group_ids: [A], everyone: 'none' });
  });

  it('names everybody, the channel before those here', () => {
    expect(parseMentions('<!here> hi').everyone).toBe('here');
    expect(parseMentions('<!here> <!channel>').everyone).toBe('channel');
    expect(parseMentions('<!channel> <!here>').everyone).toBe('channel');
    expect(parseMentions('<!everyone> @channel').everyone).toBe('none');
  });

  it.each([
    ['a code span', `\`<@${A}>\``],
    ['a longer code span', `\`\` \` <@${A}> \`\``],
    ['a span over two lines', `\`a\n<@${A}>\``],
    ['a fenced block', `\`\`\`\n<@${A}>\n\`\`\``],
    ['an unclosed fenced block', `~~~ text\n<@${A}>`],
    ['a fence in a quote', `> \`\`\`\n> <@${A}>`],
    ['an indented block', `text\n\n    <@${A}>`],
    ['behind a backslash', `\\<@${A}>`],
    ['upper case', `<@${A.toUpperCase()}>`],
  ])('ignores %s', (_name, content) => expect(parseMentions(content).user_ids).toEqual([]));

  it.each([
    ['a lone backtick', `a \` <@${A}>`],
    ['backticks of other lengths', `\` <@${A}> \`\``],
    ['an escaped backtick', `\\\`<@${A}>\``],
    ['two backslashes', `\\\\<@${A}>`],
    ['after a closed fence', `\`\`\`\ncode\n\`\`\`\n<@${A}>`],
    ['an indented line of a paragraph', `text\n    <@${A}>`],
    ['an indented line of a list', `- item\n\n    <@${A}>`],
    ['a span that ends with its paragraph', `a \` b\n\n<@${A}> \``],
  ])('counts %s', (_name, content) => expect(parseMentions(content).user_ids).toEqual([A]));

  it('ends over hostile text, which a quadratic reader would not within the time-out', { timeout: 10_000 }, () => {
    for (const part of ['`', '``` ', '<@', '\\<!', '` `` ']) expect(parseMentions(`<@${part.repeat(64_000 / part.length)}`).user_ids).toEqual([]);
  });
});
