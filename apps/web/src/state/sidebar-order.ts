import type { ChannelView } from '@parley/shared/sync/api';

/** The sidebar's rows as they stand, for keys that go to the next one. The sidebar writes it at every painting. */
export const sidebarOrder: { rows: readonly ChannelView[] } = { rows: [] };
