import { openServices, type Services } from '../compose.ts';
import { loadConfig } from '../config/load-config.ts';
import { SearchIndexer, type IndexProgress } from '../features/search/search-indexer.ts';
import { DataInUse } from '../platform/data-lock.ts';
import { progressLine } from './import-progress-line.ts';
import { UsageError, type Output } from './output.ts';

/** `parley search rebuild`. */
export async function rebuildSearch(out: Output, options: { data?: string; json?: boolean }): Promise<void> {
  let services: Services;
  try {
    services = await openServices({ ...loadConfig(process.env, { data: options.data }), logLevel: 'warn' });
  } catch (error) {
    if (!(error instanceof DataInUse)) throw error;
    throw new UsageError('Parley is running on this data directory. Stop it and run this again.');
  }
  const line = progressLine(options.json === true);
  try {
    const indexer = new SearchIndexer(services.deps);
    const began = Date.now();
    let done: IndexProgress = { channels: 0, of: 0, messages: 0 };
    await indexer.rebuild((progress) => {
      done = { ...progress };
      line.show(progress.of === 0 ? 1 : progress.channels / progress.of, `indexing (${progress.messages.toLocaleString('en')} messages)`);
    });
    line.clear();
    const seconds = (Date.now() - began) / 1_000;
    out.say(`Indexed ${done.messages.toLocaleString('en')} messages of ${done.channels.toLocaleString('en')} channels in ${seconds.toFixed(1)} s.`);
    out.result({ channels: done.channels, messages: done.messages, seconds });
  } finally {
    line.clear();
    await services.close();
  }
}
