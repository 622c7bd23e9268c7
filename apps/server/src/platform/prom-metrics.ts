import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { CounterName, GaugeName, HistogramName, Metrics } from './metrics.ts';

const COUNTERS: Record<CounterName, { help: string; labels: string[] }> = {
  parley_http_requests_total: { help: 'Calls answered', labels: ['call', 'status'] },
  parley_sends_total: { help: 'Messages committed', labels: [] },
  parley_deliveries_total: { help: 'Live frames handed to sockets', labels: [] },
  parley_resyncs_total: { help: 'Sockets closed or caught up again for being behind', labels: ['reason'] },
  parley_rate_limited_total: { help: 'Calls refused by a rate limit', labels: ['limit'] },
  parley_dropped_frames_total: { help: 'Frames dropped for sockets that were behind', labels: ['kind'] },
  parley_sweeps_total: { help: 'Committed events that the sweeper logged again', labels: [] },
  parley_pushes_total: { help: 'Pushes to devices, and what became of them', labels: ['kind', 'outcome'] },
  parley_mails_total: { help: 'Mails, and what became of them', labels: ['kind', 'outcome'] },
  parley_files_total: { help: 'Files uploaded', labels: ['kind'] },
  parley_link_drops_total: { help: 'Messages to gateways that Redis could not take', labels: [] },
  parley_registry_restarts_total: { help: 'Times that everything was told to the registry again', labels: [] },
  parley_links_broken_total: { help: 'Times that a gateway found a message of a dispatcher missing', labels: [] },
  parley_resubscriptions_total: { help: 'Streams that a gateway asked its dispatchers for again', labels: [] },
  parley_log_refused_total: { help: 'Events that the dispatch log had no room for', labels: [] },
  parley_log_renewals_total: { help: 'Times that the dispatch log may have lost entries', labels: [] },
  parley_page_cache_total: { help: 'Pages of channels asked for that many read at once', labels: ['outcome'] },
  parley_device_notes_total: { help: 'Devices of which it was noted where they are', labels: [] },
  parley_device_notes_dropped_total: { help: 'Devices that left and of which it was not noted', labels: [] },
  parley_shed_total: { help: 'Calls and sockets turned away because this process had too much to do', labels: ['what', 'reason'] },
  parley_search_indexed_total: { help: 'Changed messages that the search index took', labels: [] },
};
const GAUGES: Record<GaugeName, string> = {
  parley_connections: 'Open sockets',
  parley_gateways: 'Gateways that were heard of lately',
  parley_gateway_polling: 'Whether the gateway reads heads from the store, since a dispatcher is not heard: 1 or 0',
  parley_outbox_rows: 'Committed events that not all consumers are done with',
  parley_outbox_lag_seconds: 'Age of the oldest of them',
  parley_commit_queue: 'Commands waiting for the writer',
  parley_dispatcher_partitions: 'Partitions of the log that this process dispatches',
  parley_dispatch_queue: 'Events waiting for the dispatcher',
  parley_jobs_ready: 'Jobs that wait for a worker or for their time',
  parley_jobs_leased: 'Jobs that a worker has',
  parley_page_cache_characters: 'What pages kept for many readers come to',
  parley_jobs_parked: 'Jobs that failed too often and are run no more',
  parley_log_entries: 'Entries of a partition of the dispatch log that its dispatcher has not acknowledged',
  parley_log_lag_seconds: 'Age of the oldest of them',
};
/** Gauges with labels; others have none. */
const GAUGE_LABELS: Partial<Record<GaugeName, string[]>> = { parley_log_entries: ['partition'], parley_log_lag_seconds: ['partition'] };
const SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const HISTOGRAMS: Record<HistogramName, { help: string; buckets: number[] }> = {
  parley_commit_batch_size: { help: 'Commands in one commit', buckets: [1, 2, 4, 8, 16, 32, 64, 128] },
  parley_commit_seconds: { help: 'Time of one commit, the disk included', buckets: SECONDS },
  parley_http_seconds: { help: 'Time of one call', buckets: SECONDS },
  parley_search_seconds: { help: 'Time of one search, permissions included', buckets: SECONDS },
  parley_picture_seconds: { help: 'Time in which one uploaded picture was made anew', buckets: SECONDS },
  parley_send_to_delivery_seconds: { help: 'From the commit of a message to its frames', buckets: SECONDS },
};

export interface PromMetrics extends Metrics {
  text(): Promise<{ type: string; text: string }>;
}

/** Prometheus metrics of this process, with Node's own: event-loop delay, memory, garbage collection. */
export function promMetrics(): PromMetrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: 10 });
  const counters = new Map<string, Counter>();
  for (const [name, { help, labels }] of Object.entries(COUNTERS)) counters.set(name, new Counter({ name, help, labelNames: labels, registers: [registry] }));
  const gauges = new Map<string, Gauge>();
  for (const [name, help] of Object.entries(GAUGES)) gauges.set(name, new Gauge({ name, help, labelNames: GAUGE_LABELS[name as GaugeName] ?? [], registers: [registry] }));
  const histograms = new Map<string, Histogram>();
  for (const [name, { help, buckets }] of Object.entries(HISTOGRAMS)) histograms.set(name, new Histogram({ name, help, buckets, registers: [registry] }));
  /** Series by name and labels, so that a count costs one look-up. Labels come from small fixed sets. */
  const counted = new Map<string, { inc(by: number): void }>();
  return {
    count(name, by = 1, labels) {
      const key = labels ? `${name} ${Object.values(labels).join(' ')}` : name;
      let series = counted.get(key);
      if (!series) {
        // A label that the metric does not have would be refused with an exception.
        const known = Object.fromEntries(Object.entries(labels ?? {}).filter(([label]) => COUNTERS[name].labels.includes(label)));
        counted.set(key, (series = labels ? counters.get(name)!.labels(known) : counters.get(name)!));
      }
      series.inc(by);
    },
    gauge: (name, value, labels) => (labels ? gauges.get(name)!.labels(labels).set(value) : gauges.get(name)!.set(value)),
    observe: (name, value) => histograms.get(name)!.observe(value),
    text: async () => ({ type: registry.contentType, text: await registry.metrics() }),
  };
}
