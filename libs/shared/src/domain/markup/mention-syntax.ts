import type { Options } from 'mdast-util-from-markdown';

/**
 * The wire's references as a micromark extension: `<@ID>`, `<!group^ID>`, `<#ID>`, `<!channel>`, `<!here>`. Anything else
 * between angle brackets stays text. Lower-case UUIDs only, since that is what ids are.
 */

type Extensions = NonNullable<Options['extensions']>;
type SyntaxExtension = Exclude<Extensions[number], readonly unknown[]>;
type MdastExtensions = NonNullable<Options['mdastExtensions']>;
type MdastExtension = Exclude<MdastExtensions[number], readonly unknown[]>;
type Construct = Exclude<NonNullable<NonNullable<SyntaxExtension['text']>[string]>, readonly unknown[]>;
type Tokenizer = Construct['tokenize'];
type State = ReturnType<Tokenizer>;
type TokenType = Parameters<Parameters<Tokenizer>[0]['enter']>[0];

export interface ReferenceData { kind: 'user' | 'group' | 'channel' | 'channel_all' | 'here'; id: string }

declare module 'mdast' {
  interface PhrasingContentMap { parleyReference: ParleyReference }
  interface RootContentMap { parleyReference: ParleyReference }
}
export interface ParleyReference { type: 'parleyReference'; reference: ReferenceData; position?: import('mdast').Text['position'] }

const TOKEN = 'parleyReference' as TokenType;
const LESS_THAN = 60;
const GREATER_THAN = 62;
const LONGEST = '<!group^>'.length + 36;
const REFERENCE = /^<(?:(?<sigil>@|#|!group\^)(?<id>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})|!(?<word>channel|here))>$/;

/** What `<…>` means, or null when it is only text. */
export function readReference(source: string): ReferenceData | null {
  const found = REFERENCE.exec(source)?.groups;
  if (!found) return null;
  if (found['word']) return { kind: found['word'] === 'here' ? 'here' : 'channel_all', id: '' };
  return { kind: found['sigil'] === '@' ? 'user' : found['sigil'] === '#' ? 'channel' : 'group', id: found['id'] ?? '' };
}

const tokenize: Tokenizer = function (effects, ok, nok) {
  let source = '';
  const inside: State = (code) => {
    // Virtual codes (line ends, tabs) are negative; null is the end of the text.
    if (code === null || code < 33 || code > 126 || source.length > LONGEST) return nok(code);
    source += String.fromCharCode(code);
    effects.consume(code);
    if (code !== GREATER_THAN) return inside;
    return (after) => {
      if (!readReference(source)) return nok(after);
      effects.exit(TOKEN);
      return ok(after);
    };
  };
  return (code) => {
    source = '<';
    effects.enter(TOKEN);
    effects.consume(code);
    return inside;
  };
};

export function referenceSyntax(): SyntaxExtension {
  return { text: { [LESS_THAN]: { name: 'parleyReference', tokenize } } };
}

export function referenceFromMarkdown(): MdastExtension {
  return {
    enter: {
      parleyReference(token) {
        const reference = readReference(this.sliceSerialize(token));
        if (!reference) throw new Error('a reference token that is none');
        this.enter({ type: 'parleyReference', reference } as never, token);
      },
    },
    exit: { parleyReference(token) { this.exit(token); } },
  };
}
