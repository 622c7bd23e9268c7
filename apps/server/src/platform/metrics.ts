/** What is measured, named as Prometheus exposes it (see `docs/operations.md`). Calls are cheap and never throw. */
export interface Metrics {
  /** Adds to a counter. */
  count(name: CounterName, by?: number, labels?: Record<string, string>): void;
  /** Sets a gauge. */
  gauge(name: GaugeName, value: number, labels?: Record<string, string>): void;
  /** Observes seconds, or a size, in a histogram. */
  observe(name: HistogramName, value: number): void;
}

export type CounterName = 'parley_http_requests_total' | 'parley_sends_total' | 'parley_deliveries_total' | 'parley_resyncs_total' | 'parley_rate_limited_total' | 'parley_dropped_frames_total' | 'parley_sweeps_total' | 'parley_search_indexed_total' | 'parley_pushes_total' | 'parley_mails_total' | 'parley_files_total' | 'parley_link_drops_total' | 'parley_registry_restarts_total' | 'parley_links_broken_total' | 'parley_resubscriptions_total' | 'parley_log_refused_total' | 'parley_log_renewals_total' | 'parley_page_cache_total' | 'parley_device_notes_total' | 'parley_device_notes_dropped_total' | 'parley_shed_total';
export type GaugeName = 'parley_connections' | 'parley_outbox_rows' | 'parley_outbox_lag_seconds' | 'parley_commit_queue' | 'parley_dispatch_queue' | 'parley_jobs_ready' | 'parley_jobs_leased' | 'parley_jobs_parked' | 'parley_gateways' | 'parley_gateway_polling' | 'parley_log_entries' | 'parley_log_lag_seconds' | 'parley_page_cache_characters' | 'parley_dispatcher_partitions';
export type HistogramName = 'parley_commit_batch_size' | 'parley_commit_seconds' | 'parley_http_seconds' | 'parley_send_to_delivery_seconds' | 'parley_search_seconds' | 'parley_picture_seconds';

export const noMetrics: Metrics = { count() {}, gauge() {}, observe() {} };
