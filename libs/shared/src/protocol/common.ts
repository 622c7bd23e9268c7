import * as z from 'zod/mini';
import { UUID_PATTERN } from '../domain/ids.ts';
import { LIMITS } from './limits.ts';

export const Uuid = z.string().check(z.regex(UUID_PATTERN, 'a lower-case UUID'));

/** As answered: RFC 3339 UTC with milliseconds or microseconds. */
export const Timestamp = z.string().check(z.regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3}(\d{3})?)?Z$/, 'an RFC 3339 UTC time'));
/** As taken: a `Timestamp`, or epoch milliseconds, which in a query string are digits. */
export const TimeInput = z.union([Timestamp, z.number().check(z.int(), z.nonnegative()), z.string().check(z.regex(/^\d{1,15}$/, 'epoch milliseconds'))]);

export const Rev = z.number().check(z.int(), z.nonnegative());
export const Seq = z.number().check(z.int(), z.nonnegative());
export const StreamNameSchema = z.string().check(z.regex(/^(channel|user|workspace):[0-9a-f-]{36}$/, 'a stream name'));
export const Cursors = z.record(StreamNameSchema, Rev);

/** Query strings carry text: these accept what a form or a URL makes of the type. */
export const QueryInt = z.pipe(z.union([z.number(), z.string().check(z.regex(/^\d{1,15}$/, 'a whole number'))]), z.transform((v) => Number(v)));
export const QueryBoolean = z.pipe(z.union([z.boolean(), z.enum(['true', 'false', '1', '0'])]), z.transform((v) => v === true || v === 'true' || v === '1'));
export const PageSize = z.pipe(QueryInt, z.number().check(z.int(), z.minimum(1), z.maximum(LIMITS.page_size)));
/** Opaque; only what an answer's `next_cursor` gave. */
export const PageCursor = z.string().check(z.minLength(1), z.maxLength(512));

/* @__NO_SIDE_EFFECTS__ */
export const text = (max: number, min = 0) => z.string().check(z.minLength(min), z.maxLength(max));
/** One line of 1 to `max` characters that is not blank. */
/* @__NO_SIDE_EFFECTS__ */
export const line = (max: number) => z.string().check(z.trim(), z.minLength(1), z.maxLength(max), z.regex(/^[^\p{Cc}]*$/u, 'no control characters'));

export const Username = z.string().check(z.regex(/^[a-z0-9][a-z0-9._-]{0,63}$/, 'letters a-z, digits, dot, hyphen, underscore; starts with a letter or digit'));
/** Words after `@` that name everybody, so that nothing else may. */
const EVERYBODY = new Set(['channel', 'here', 'everyone', 'all']);
/** A group's name after `@`. */
export const Handle = Username.check(z.refine((handle) => !EVERYBODY.has(handle), 'names everybody'));
export const Email = z.string().check(z.trim(), z.maxLength(254), z.regex(/^[^\s@]{1,64}@[^\s@]+$/, 'an email address'));
export const Password = z.string().check(z.minLength(8), z.maxLength(1024));
export const ChannelName = z.string().check(z.regex(/^[\p{Ll}\p{Lo}\p{M}\p{N}_-]{1,80}$/u, 'lower-case letters, digits, hyphen, underscore; at most 80'));
export const Emoji = z.string().check(z.minLength(1), z.maxLength(64), z.regex(/^[^\s:]+$/u, 'an emoji or a custom emoji name'));
/** The name of a custom emoji, as it is written between colons. */
export const EmojiName = z.string().check(z.regex(/^[a-z0-9_+-]{1,64}$/, 'small letters, digits, underscore, plus, hyphen; at most 64'));
export const ClientMsgId = z.string().check(z.minLength(1), z.maxLength(64), z.regex(/^[\x21-\x7e]+$/, 'visible ASCII'));

/* @__NO_SIDE_EFFECTS__ */
export const page = <T extends z.ZodMiniType>(item: T) => z.looseObject({ items: z.array(item), next_cursor: z.nullable(z.string()) });
