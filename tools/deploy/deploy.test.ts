import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { loadConfig } from '../../apps/server/src/config/load-config.ts';
import { TOPOLOGY } from '../../apps/server/src/testing/cluster/cluster.ts';
import { freePort } from '../../apps/server/src/testing/cluster/ports.ts';
import { nginxConfig, upstreams } from '../../apps/server/src/testing/cluster/nginx.ts';
import { compose, DEPLOY, manifestFiles, manifests, podOf, provisioned, ROOT, run, text, type Container, type Outcome } from './files.ts';

const ROLES = ['api', 'gateway', 'dispatcher', 'worker'];
/** How long a process takes to drain at most. */
const DRAIN_SECONDS = 10;
const directory = mkdtempSync(join(tmpdir(), 'parley-deploy-'));
afterAll(() => rmSync(directory, { recursive: true }));

const deployments = manifests().filter((m) => m.kind === 'Deployment');
const parleyServices = Object.entries(compose().services).filter(([, service]) => service.image?.startsWith('parley:'));
const stringsOf = (environment: Record<string, string | number | null>): Record<string, string> => Object.fromEntries(Object.entries(environment).map(([name, value]) => [name, String(value ?? '')]));
const knownSettings = new Set([...text('apps/server/src/config/load-config.ts').matchAll(/^ {2}(PARLEY_[A-Z_]+):/gm)].map(([, name]) => name!));

const schemas = provisioned('schemas');
describe.skipIf(schemas === undefined)('against schemas', () => {
  const check = (kind: 'compose' | 'kubernetes', ...files: string[]): Outcome => run('python3', [join(ROOT, 'tools/deploy/check.py'), kind, ...files], { env: { PYTHONPATH: schemas! } });
  const spoilt = (file: string, from: string, to: string): string => {
    const source = text(file);
    expect(source).toContain(from);
    const path = join(directory, 'spoilt.yaml');
    writeFileSync(path, source.replace(from, to));
    return path;
  };

  it('compose.yaml is what the Compose specification says', () => {
    expect(check('compose', join(DEPLOY, 'compose.yaml'))).toEqual({ status: 0, output: '' });
    expect(check('compose', spoilt('deploy/compose.yaml', 'healthcheck:', 'healthchek:')).output).toContain('healthchek');
  });

  it('every manifest is what Kubernetes 1.37 takes, without a field that it does not know', () => {
    expect(check('kubernetes', ...manifestFiles().map((file) => join(DEPLOY, 'kubernetes', file)))).toEqual({ status: 0, output: '' });
    expect(check('kubernetes', spoilt('deploy/kubernetes/gateway.yaml', 'failureThreshold', 'failureTreshold')).output).toContain('failureTreshold');
  });
});

describe('settings', () => {
  it('each process of compose.yaml boots with what it is given', () => {
    expect(parleyServices).toHaveLength(3);
    for (const [name, { environment }] of parleyServices) {
      const given = stringsOf(environment!);
      for (const setting of Object.keys(given).filter((n) => n.startsWith('PARLEY_'))) expect(knownSettings, `${name}: ${setting}`).toContain(setting);
      expect(loadConfig(given)).toMatchObject({ filesPlace: { kind: 's3' }, trustedProxies: ['172.30.10.2'] });
    }
  });

  it('each Deployment boots with its settings and the secrets that the manifest names', () => {
    const settings = manifests().find((m) => m.kind === 'ConfigMap')!;
    const comment = text(`deploy/kubernetes/${settings.file}`);
    const secrets = { PARLEY_MONGODB_URL: 'mongodb://db/parley', PARLEY_REDIS_URL: 'rediss://redis', PARLEY_METRICS_TOKEN: 'long-enough', PARLEY_SERVER_KEY: Buffer.alloc(32).toString('base64'), PARLEY_SET_UP_CODE: 'long-enough-code' };
    for (const name of Object.keys(secrets)) {
      expect(comment).toContain(name);
      expect(settings.data).not.toHaveProperty(name);
    }
    for (const deployment of deployments) {
      const given = { ...settings.data, ...secrets, ...Object.fromEntries(podOf(deployment).containers[0]!.env.map(({ name, value }) => [name, value])) };
      for (const setting of Object.keys(given).filter((n) => n.startsWith('PARLEY_'))) expect(knownSettings, setting).toContain(setting);
      expect(loadConfig(given).host).toBe('0.0.0.0');
    }
  });

  it('every role has processes, two of each that people wait for', () => {
    const rolesOf = (given: string): string[] => [...loadConfig({ PARLEY_MONGODB_URL: 'mongodb://db/parley', PARLEY_REDIS_URL: 'redis://redis', PARLEY_ROLES: given }).roles];
    const count = (lists: string[][]): Record<string, number> => Object.fromEntries(ROLES.map((role) => [role, lists.filter((list) => list.includes(role)).length]));
    expect(count(parleyServices.map(([, s]) => rolesOf(String(s.environment!['PARLEY_ROLES']))))).toEqual({ api: 2, gateway: 2, dispatcher: 2, worker: 1 });
    expect(count(TOPOLOGY.map((p) => [...p.roles]))).toEqual({ api: 2, gateway: 2, dispatcher: 2, worker: 1 });
    expect(count(deployments.map((d) => rolesOf(podOf(d).containers[0]!.env.find((e) => e.name === 'PARLEY_ROLES')!.value)))).toEqual({ api: 1, gateway: 1, dispatcher: 1, worker: 1 });
    const scaled = manifests().filter((m) => m.kind === 'HorizontalPodAutoscaler');
    expect(scaled.map((m) => (m.spec as { minReplicas: number }).minReplicas)).toEqual([2, 2, 2, 2]);
  });

  it('no password stands in a file', () => {
    for (const file of ['deploy/compose.yaml', ...manifestFiles().map((name) => `deploy/kubernetes/${name}`)]) {
      expect(text(file)).not.toMatch(/^kind: Secret$/m);
      for (const [, value] of text(file).matchAll(/^ *[A-Z_]*(?:PASSWORD|SECRET|TOKEN|KEY): *(\S.*)$/gm)) expect(value, file).toMatch(/^\$\{/);
    }
  });
});

describe('images and rights', () => {
  it('every image has a version', () => {
    const images = [...Object.values(compose().services).map((s) => s.image!), ...deployments.map((d) => podOf(d).containers[0]!.image), ...[...text('Dockerfile').matchAll(/^FROM (\S+)/gm)].map(([, image]) => image!)];
    for (const image of images) expect(image).toMatch(/^[\w./-]+:\d+\.\d+(?:\.\d+)?[\w.-]*$/);
  });

  it('the image runs as somebody without rights, with what is needed at run time only', () => {
    const last = text('Dockerfile').split(/^FROM /m).at(-1)!;
    expect(last).toMatch(/^USER 10001:10001$/m);
    expect(last).toMatch(/^HEALTHCHECK/m);
    expect(last).toMatch(/^STOPSIGNAL SIGTERM$/m);
    expect(last).not.toMatch(/npm|apt-get/);
    expect(text('Dockerfile')).toContain('npm ci --omit=dev');
    const ignored = text('.dockerignore').split('\n');
    for (const name of ['.git', '**/node_modules', '**/.env', 'data']) expect(ignored).toContain(name);
    const workspaces = (JSON.parse(text('package-lock.json')) as { packages: Record<string, unknown> }).packages;
    for (const path of Object.keys(workspaces).filter((p) => p !== '' && !p.includes('node_modules'))) expect(text('Dockerfile').split(`COPY ${path}/package.json ${path}/`), path).toHaveLength(3);
  });

  it('pods and processes may do nothing but their work', () => {
    for (const deployment of deployments) {
      const pod = podOf(deployment);
      expect(pod.securityContext).toMatchObject({ runAsNonRoot: true, runAsUser: 10001, seccompProfile: { type: 'RuntimeDefault' } });
      expect(pod.containers[0]!.securityContext).toEqual({ allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } });
      expect(pod).toMatchObject({ automountServiceAccountToken: false });
    }
    for (const [name, service] of parleyServices) expect(service, name).toMatchObject({ read_only: true, cap_drop: ['ALL'], security_opt: ['no-new-privileges:true'] });
    for (const [name, service] of Object.entries(compose().services)) if (name !== 'nginx') expect(service.ports, name).toBeUndefined();
  });
});

describe('life of a process', () => {
  const served = new Set([...text('apps/server/src/edge/http.ts').matchAll(/app\.get\('(\/\w+)'/g)].map(([, path]) => path!));

  it('probes ask what the server answers, on a port that it has', () => {
    for (const deployment of deployments) {
      const container: Container = podOf(deployment).containers[0]!;
      expect(container.ports).toEqual([{ name: 'http', containerPort: 3210 }]);
      const paths = (['startupProbe', 'readinessProbe', 'livenessProbe'] as const).map((name) => (container[name] as { httpGet: { path: string; port: string } }).httpGet);
      expect(paths).toEqual([{ path: '/healthz', port: 'http' }, { path: '/readyz', port: 'http' }, { path: '/healthz', port: 'http' }]);
      for (const { path } of paths) expect(served).toContain(path);
    }
    for (const [, service] of parleyServices) expect(service.healthcheck!.test.join(' ')).toContain('http://127.0.0.1:3210/readyz');
  });

  it('a process is taken out before it is asked to stop, and has the time to drain', () => {
    for (const deployment of deployments) {
      const pod = podOf(deployment);
      const [command, seconds] = pod.containers[0]!.lifecycle.preStop.exec.command;
      expect(command).toBe('sleep');
      const readiness = pod.containers[0]!['readinessProbe'] as { periodSeconds: number };
      expect(Number(seconds)).toBeGreaterThan(readiness.periodSeconds);
      expect(pod.terminationGracePeriodSeconds).toBeGreaterThan(Number(seconds) + DRAIN_SECONDS);
    }
    for (const [, service] of parleyServices) expect(Number.parseInt(service.stop_grace_period!)).toBeGreaterThan(DRAIN_SECONDS);
  });

  it('every Deployment has a budget for disruptions and an autoscaler of its own, and every file is applied', () => {
    const named = (kind: string): string[] => manifests().filter((m) => m.kind === kind).map((m) => m.metadata.name).sort();
    const names = deployments.map((d) => d.metadata.name).sort();
    expect(names).toEqual(ROLES.map((role) => `parley-${role}`).sort());
    expect(named('PodDisruptionBudget')).toEqual(names);
    expect(named('HorizontalPodAutoscaler')).toEqual(names);
    const { resources } = parse(text('deploy/kubernetes/kustomization.yaml')) as { resources: string[] };
    expect([...resources].sort()).toEqual(manifestFiles().sort());
    const ingress = JSON.stringify(manifests().find((m) => m.kind === 'Ingress'));
    for (const service of named('Service')) expect(ingress).toContain(service);
  });
});

const nginx = provisioned('nginx');
describe.skipIf(nginx === undefined)('nginx', () => {
  const template = text('deploy/nginx.conf');
  const test = (config: string): Outcome => {
    const temp = join(directory, 'nginx');
    mkdirSync(temp, { recursive: true });
    writeFileSync(join(temp, 'nginx.conf'), config);
    return run(nginx!, ['-t', '-p', temp, '-c', join(temp, 'nginx.conf'), '-e', join(temp, 'error.log')]);
  };
  // Its test binds the port as well.
  const values = async () => ({ listen: `127.0.0.1:${await freePort()}`, api: ['127.0.0.1:3211', '127.0.0.1:3212'], gateway: ['127.0.0.1:3212'], temp: join(directory, 'nginx') });

  it('takes the template as the cluster fills it in, and no variable of it is left', async () => {
    const config = nginxConfig(template, await values());
    expect(config).not.toMatch(/\$\{/);
    expect(test(config).output).toContain('test is successful');
    expect(test(config.replace('least_conn', 'least_con')).status).not.toBe(0);
  });

  it('takes it as compose.yaml fills it in', async () => {
    const environment = stringsOf(compose().services['nginx']!.environment!);
    const names = new Set([...template.matchAll(/\$\{(\w+)\}/g)].map(([, name]) => name!));
    for (const name of names) expect(environment).toHaveProperty(name);
    expect(environment['PARLEY_LISTEN']).toBe('8080');
    expect(compose().services['nginx']!.ports![0]).toMatch(/:8080$/);
    const servers = ['172.30.10.11:3210', '172.30.10.12:3210'];
    expect([environment['PARLEY_API_SERVERS'], environment['PARLEY_GATEWAY_SERVERS']]).toEqual([upstreams(servers), upstreams(servers)]);
    expect(test(nginxConfig(template, { ...(await values()), api: servers, gateway: servers })).output).toContain('test is successful');
  });
});
