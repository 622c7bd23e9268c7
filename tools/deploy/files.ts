import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse, parseAllDocuments } from 'yaml';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));
export const DEPLOY = join(ROOT, 'deploy');

export const text = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

export interface ComposeService {
  image?: string;
  environment?: Record<string, string | number | null>;
  command?: string[];
  user?: string;
  read_only?: boolean;
  ports?: string[];
  healthcheck?: { test: string[] };
  stop_grace_period?: string;
}
export const compose = (): { services: Record<string, ComposeService> } => parse(interpolated(text('deploy/compose.yaml')), { merge: true }) as { services: Record<string, ComposeService> };

/** As Compose fills its variables in, with values of the right form for what `.env` has to have. */
export function interpolated(source: string): string {
  const values: Record<string, string> = { PARLEY_URL: 'https://chat.example.org', PARLEY_SERVER_KEY: Buffer.alloc(32, 1).toString('base64') };
  return source.replace(/\$\$|\$\{(\w+)(?::?[-?]([^}]*))?\}/g, (whole, name: string | undefined, rest: string | undefined) => (name === undefined ? '$' : (values[name] ?? (whole.includes(':-') ? (rest ?? '') : `test-${name.toLowerCase()}`))));
}

export interface Manifest {
  kind: string;
  metadata: { name: string };
  file: string;
  spec?: Record<string, unknown>;
  data?: Record<string, string>;
}
export const manifestFiles = (): string[] => readdirSync(join(DEPLOY, 'kubernetes')).filter((name) => name.endsWith('.yaml') && name !== 'kustomization.yaml');
export const manifests = (): Manifest[] => manifestFiles().flatMap((file) => parseAllDocuments(text(`deploy/kubernetes/${file}`)).map((document) => ({ ...(document.toJS() as Omit<Manifest, 'file'>), file })));

export interface Container {
  image: string;
  ports: { name: string; containerPort: number }[];
  env: { name: string; value: string }[];
  securityContext: Record<string, unknown>;
  lifecycle: { preStop: { exec: { command: string[] } } };
  [probe: string]: unknown;
}
export interface PodSpec {
  terminationGracePeriodSeconds: number;
  securityContext: Record<string, unknown>;
  containers: Container[];
}
export const podOf = (manifest: Manifest): PodSpec => (manifest.spec as { template: { spec: PodSpec } }).template.spec;

const PROVISIONED = join(ROOT, '.tmp/provision.json');

/** What `npm run provision` found, or undefined: then what needs it is skipped with a word, and fails under `CI=true`. */
export function provisioned(name: 'promtool' | 'schemas' | 'nginx'): string | undefined {
  const found = existsSync(PROVISIONED) ? (JSON.parse(readFileSync(PROVISIONED, 'utf8')) as Partial<Record<string, string | null>>)[name] : undefined;
  if (found) return found;
  if (process.env['CI'] === 'true') throw new Error(`${name} is needed for these tests: run \`npm run provision\``);
  console.warn(`SKIPPED: there is no ${name} here (run \`npm run provision\`)`);
  return undefined;
}

export interface Outcome { status: number | null; output: string }

export function run(command: string, args: readonly string[], options: { cwd?: string; env?: Record<string, string> } = {}): Outcome {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: 'utf8', cwd: options.cwd, env: { ...process.env, ...options.env } });
  return { status: error ? 127 : status, output: `${stdout ?? ''}${stderr ?? ''}${error ? String(error) : ''}` };
}
