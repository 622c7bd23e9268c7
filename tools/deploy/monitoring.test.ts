import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { promMetrics } from '../../apps/server/src/platform/prom-metrics.ts';
import { DEPLOY, manifests, provisioned, run, text } from './files.ts';

interface Rule { record?: string; alert?: string; expr: string; labels?: Record<string, string>; annotations?: Record<string, string> }
interface Panel { id: number; title: string; type: string; gridPos: { x: number; y: number; w: number; h: number }; targets: { expr: string }[] }
interface Dashboard { uid: string; title: string; panels: Panel[] }

const rules = (parse(text('deploy/prometheus/alerts.yaml'), { merge: true }) as { groups: { rules: Rule[] }[] }).groups.flatMap((group) => group.rules);
const recorded = new Set(rules.flatMap((rule) => rule.record ?? []));
const dashboards = readdirSync(join(DEPLOY, 'grafana')).map((file) => ({ file, ...(JSON.parse(text(`deploy/grafana/${file}`)) as Dashboard) }));
const expressions = [...rules.map((rule) => rule.expr), ...dashboards.flatMap((d) => d.panels.flatMap((p) => p.targets.map((t) => t.expr)))];
/** Of metrics, without the words of the language and what stands in quotes. */
const namesIn = (expression: string): string[] => expression.replace(/"[^"]*"/g, '').match(/\b(?:parley|nodejs|process)[_:][\w:]+/g) ?? [];

/** Every series that a process exposes. */
let exposed = new Map<string, string>();
beforeAll(async () => {
  exposed = new Map([...(await promMetrics().text()).text.matchAll(/^# TYPE (\w+) (\w+)$/gm)].map(([, name, type]) => [name!, type!]));
});
const isExposed = (name: string): boolean => {
  const base = name.replace(/_(?:bucket|sum|count)$/, '');
  return exposed.has(name) || (base !== name && exposed.get(base) === 'histogram');
};

describe('metrics', () => {
  it('every one that rules and dashboards name is one that a process exposes, or a rule records', () => {
    const unknown = [...new Set(expressions.flatMap(namesIn))].filter((name) => (name.includes(':') ? !recorded.has(name) : !isExposed(name)));
    expect(unknown).toEqual([]);
  });

  it('what the autoscalers ask for is made from one that a process exposes', () => {
    const adapter = parse(text('deploy/prometheus/adapter.yaml')) as { rules: { custom: { seriesQuery: string; name: { as: string } }[] } };
    const offered = new Map(adapter.rules.custom.map((rule) => [rule.name.as, rule.seriesQuery]));
    for (const query of offered.values()) expect(isExposed(query.split('{')[0]!), query).toBe(true);
    const asked = JSON.stringify(manifests().filter((m) => m.kind === 'HorizontalPodAutoscaler')).matchAll(/"metric":\{"name":"(\w+)"/g);
    expect([...asked].map(([, name]) => name!).sort()).toEqual([...offered.keys()].sort());
  });

  it('counters are asked for their rate or increase, and buckets are those that the histogram has', async () => {
    const { text: exposition } = await promMetrics().text();
    const counters = [...exposed].filter(([name, type]) => type === 'counter' && name.startsWith('parley_')).map(([name]) => name);
    for (const expression of expressions)
      for (const name of counters) {
        const times = expression.split(new RegExp(`\\b${name}\\b`)).length - 1;
        expect(expression.split(new RegExp(`(?:rate|increase)\\(${name}\\b`)).length - 1, expression).toBe(times);
      }
    for (const [, le] of expressions.join('\n').matchAll(/le="([\d.]+)"/g)) expect(exposition).toContain(`parley_send_to_delivery_seconds_bucket{le="${le}"}`);
  });

  it('everything that the objective and the operators need is on a dashboard', () => {
    const shown = new Set(dashboards.flatMap((d) => d.panels.flatMap((p) => p.targets.flatMap((t) => namesIn(t.expr)))));
    for (const name of ['parley_connections', 'parley_sends_total', 'parley_commit_seconds_bucket', 'parley_log_lag_seconds', 'parley_outbox_lag_seconds', 'parley_resyncs_total', 'parley_shed_total', 'parley:error_budget:remaining']) expect(shown).toContain(name);
  });
});

describe('dashboards', () => {
  it('have panels of their own place and number', () => {
    expect(new Set(dashboards.map((d) => d.uid)).size).toBe(dashboards.length);
    for (const { panels } of dashboards) {
      expect(new Set(panels.map((p) => p.id)).size).toBe(panels.length);
      const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) => Array.from({ length: w * h }, (_, i) => `${x + (i % w)}/${y + Math.floor(i / w)}`));
      expect(new Set(cells).size).toBe(cells.length);
      for (const { gridPos: { x, w } } of panels) expect(x + w).toBeLessThanOrEqual(24);
    }
  });
});

describe('alerts', () => {
  it('say what is wrong and how urgent it is, and each runbook is there', () => {
    const operations = text('docs/operations.md');
    for (const rule of rules.filter((r) => r.alert)) {
      expect(['page', 'ticket']).toContain(rule.labels?.['severity']);
      expect(rule.annotations?.['summary'], rule.alert).toBeTruthy();
      const anchor = rule.annotations?.['runbook']?.split('#')[1];
      if (anchor) expect(operations.toLowerCase()).toMatch(new RegExp(`^#+ ${anchor.replace(/-/g, ' ')}$`, 'm'));
    }
  });
});

const promtool = provisioned('promtool');
describe.skipIf(promtool === undefined)('promtool', () => {
  const directory = mkdtempSync(join(tmpdir(), 'parley-promtool-'));
  afterAll(() => rmSync(directory, { recursive: true }));
  const prometheus = join(DEPLOY, 'prometheus');

  it('takes the rules, and they fire when they should', () => {
    expect(run(promtool!, ['check', 'rules', 'alerts.yaml'], { cwd: prometheus })).toMatchObject({ status: 0 });
    const tested = run(promtool!, ['test', 'rules', 'alerts.test.yaml', 'budget.test.yaml'], { cwd: prometheus });
    expect(tested.output).not.toContain('FAILED');
    expect(tested.status).toBe(0);
  });

  it('parses every expression of the dashboards', () => {
    const file = join(directory, 'dashboards.yaml');
    const all = dashboards.flatMap((d) => d.panels.flatMap((p) => p.targets.map((t) => t.expr.replaceAll('$__rate_interval', '1m').replaceAll('$instance', '.*'))));
    const write = (list: readonly string[]): void => writeFileSync(file, JSON.stringify({ groups: [{ name: 'dashboards', rules: list.map((expr, i) => ({ record: `dashboard:panel:${i}`, expr })) }] }));
    write(all);
    expect(run(promtool!, ['check', 'rules', file])).toMatchObject({ status: 0 });
    write([...all, 'sum(rate(parley_sends_total[5m])']);
    expect(run(promtool!, ['check', 'rules', file]).status).not.toBe(0);
  });
});
