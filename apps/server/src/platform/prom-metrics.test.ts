import { expect, it } from 'vitest';
import { promMetrics } from './prom-metrics.ts';

it('tells counters by label, gauges, histograms and the event loop\'s delay', async () => {
  const metrics = promMetrics();
  metrics.count('parley_http_requests_total', 1, { call: 'me', status: '200' });
  metrics.count('parley_http_requests_total', 2, { call: 'me', status: '200' });
  metrics.count('parley_http_requests_total', 1, { call: 'me', status: '401' });
  metrics.count('parley_sends_total');
  metrics.count('parley_sends_total', 1, { unknown: 'label' });
  metrics.gauge('parley_connections', 7);
  metrics.observe('parley_commit_batch_size', 16);
  const { text, type } = await metrics.text();
  expect(type).toContain('text/plain');
  for (const line of ['parley_http_requests_total{call="me",status="200"} 3', 'parley_http_requests_total{call="me",status="401"} 1', 'parley_sends_total 2', 'parley_connections 7', 'parley_commit_batch_size_count 1', 'nodejs_eventloop_lag_p99_seconds']) expect(text).toContain(line);
});
