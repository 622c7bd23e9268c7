import { LIMITS } from '@parley/shared/protocol/limits';

/** Turns the direction of text, so that `exe.gpj` reads as a picture; or separates lines. */
const DECEIVING = /[\p{Cc}\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu;

/** A name for showing and saving: the last part of a path, on one line, as it reads. */
export function plainName(given: string): string {
  const name = given.replace(/\p{Surrogate}/gu, '\ufffd').split(/[/\\]/).pop()!.replace(DECEIVING, '').trim();
  const characters = [...name];
  if (characters.length === 0 || name === '.' || name === '..') return 'file';
  if (name.length <= LIMITS.file_name_characters) return name;
  // The end tells what it is.
  const ending = /\.[^.\s]{1,16}$/.exec(name)?.[0] ?? '';
  let start = '';
  for (const character of characters) {
    if (start.length + character.length + ending.length > LIMITS.file_name_characters) break;
    start += character;
  }
  return start + ending;
}
