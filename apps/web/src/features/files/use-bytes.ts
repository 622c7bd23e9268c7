import { useCallback } from 'react';
import { useIntl, type IntlShape } from 'react-intl';
import { unitOf } from './kinds.ts';

/** A size in the person's language. */
export function bytesIn(intl: IntlShape, size: number): string {
  const { value, unit } = unitOf(size);
  return intl.formatNumber(value, { style: 'unit', unit, maximumFractionDigits: value < 10 && unit !== 'byte' ? 1 : 0 });
}

export function useBytes(): (size: number) => string {
  const intl = useIntl();
  return useCallback((size) => bytesIn(intl, size), [intl]);
}
