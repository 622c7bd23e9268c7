import { accessSync, constants, existsSync, mkdirSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { openServices } from '../compose.ts';
import { ConfigError, loadConfig, type Settings } from '../config/load-config.ts';
import { DataInUse } from '../platform/data-lock.ts';
import type { Finding } from './doctor-finding.ts';
import { mongodbFindings } from './doctor-mongodb.ts';
import { redisFindings } from './doctor-redis.ts';
import type { Output } from './output.ts';

const LOW_DISK_BYTES = 512 * 1024 * 1024;
const WEB_INDEX = fileURLToPath(new URL('../../web/dist/index.html', import.meta.url));

/** Looks at everything a server needs here. @returns whether all is well; warnings do not count. */
export async function doctor(out: Output, options: { data?: string }): Promise<boolean> {
  const findings: Finding[] = [nodeVersion()];
  let settings: Settings | undefined;
  try {
    settings = loadConfig(process.env, options);
    findings.push({ check: 'settings', ok: true, detail: `listens on ${settings.host}:${settings.port}, reached at ${settings.url}` });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    findings.push(...error.problems.map((p) => ({ check: 'settings', ok: false, detail: `${p.name}: ${p.message}` })));
  }
  if (settings) findings.push(...(await dataFindings(settings)));
  findings.push({ check: 'web client', ok: existsSync(WEB_INDEX), detail: existsSync(WEB_INDEX) ? 'built' : 'not built: run `npm run build`' });
  out.say(...findings.map((f) => `${!f.ok ? 'PROBLEM' : f.warning ? 'WARNING' : 'ok     '}  ${f.check}: ${f.detail}`));
  const ok = findings.every((f) => f.ok);
  out.result({ ok, findings });
  return ok;
}

function nodeVersion(): Finding {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  return { check: 'node', ok: major > 20 || (major === 20 && minor >= 19), detail: `${process.versions.node} (20.19 or newer is needed)` };
}

async function dataFindings(settings: Settings): Promise<Finding[]> {
  const findings: Finding[] = [];
  try {
    mkdirSync(settings.dataDirectory, { recursive: true, mode: 0o700 });
    accessSync(settings.dataDirectory, constants.R_OK | constants.W_OK);
    findings.push({ check: 'data directory', ok: true, detail: settings.dataDirectory });
  } catch (error) {
    return [{ check: 'data directory', ok: false, detail: `${settings.dataDirectory}: ${error instanceof Error ? error.message : String(error)}` }];
  }
  const disk = await statfs(settings.dataDirectory);
  const free = disk.bavail * disk.bsize;
  findings.push({ check: 'disk', ok: free > LOW_DISK_BYTES, detail: `${Math.round(free / 1024 / 1024).toLocaleString('en')} MiB free` });
  if (settings.redisUrl !== null) findings.push(...(await redisFindings(settings.redisUrl)));
  if (settings.mongodbUrl !== null) return [...findings, ...(await mongodbFindings(settings.mongodbUrl))];
  try {
    const services = await openServices({ ...settings, logLevel: 'silent' });
    try {
      const health = await services.deps.store.health();
      findings.push({ check: 'store', ok: health.problems.length === 0, detail: [health.adapter, ...Object.entries(health.settings).map(([k, v]) => `${k}=${v}`), ...health.problems].join(', ') });
    } finally {
      await services.close();
    }
  } catch (error) {
    if (error instanceof DataInUse) findings.push({ check: 'store', ok: true, detail: `in use by a running server; ask it at ${settings.url}/readyz` });
    else findings.push({ check: 'store', ok: false, detail: error instanceof Error ? error.message : String(error) });
  }
  return findings;
}
