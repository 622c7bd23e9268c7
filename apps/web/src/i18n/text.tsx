import { useMemo, type ReactNode } from 'react';
import { createIntl, createIntlCache, RawIntlProvider, useIntl, type IntlShape } from 'react-intl';
import type { Catalogue, Language, MessageId } from './catalogue.ts';

export type Values = Record<string, string | number | bigint | boolean | Date | null | undefined>;
type RichValues = Record<string, ReactNode | Date | ((chunks: ReactNode[]) => ReactNode)>;

/** A message in the person's language. */
export type Translate = (id: MessageId, values?: Values) => string;

/** The way to words: `const t = useText(); t('sidebar.channels')`. */
export function useText(): Translate {
  const intl = useIntl();
  return useMemo(() => translateWith(intl), [intl]);
}

export const translateWith = (intl: IntlShape): Translate => (id, values) => {
  const message: unknown = intl.messages[id];
  // Plain text needs no formatting, whatever values come along.
  return typeof message === 'string' && !/[{<']/.test(message) ? message : intl.formatMessage({ id }, typeof message === 'string' && PLAIN.test(message) ? undefined : values);
};

/** Text with an apostrophe but no argument: the formatter takes it as it is when there are no values. */
const PLAIN = /^[^{<]*$/;

/** A message with elements in it: `<Text id="…" values={{ b: (chunks) => <b>{chunks}</b> }} />`. */
export function Text({ id, values }: { id: MessageId; values?: RichValues }) {
  const intl = useIntl();
  return <>{intl.formatMessage({ id }, values as Record<string, ReactNode>)}</>;
}

export function makeIntl(language: Language, messages: Catalogue, timeZone?: string, locale: string = language): IntlShape {
  return createIntl(
    {
      locale,
      defaultLocale: 'en',
      messages: messages as Record<string, string>,
      ...(timeZone === undefined ? {} : { timeZone }),
      onError: (error) => {
        throw error;
      },
    },
    createIntlCache(),
  );
}

export function TextProvider({ intl, children }: { intl: IntlShape; children: ReactNode }) {
  return <RawIntlProvider value={intl}>{children}</RawIntlProvider>;
}
