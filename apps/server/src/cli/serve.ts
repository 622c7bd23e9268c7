import { openServices, startApplication, type Application } from '../compose.ts';
import { loadConfig, type Settings } from '../config/load-config.ts';
import { isLoopbackHost } from '../edge/origin.ts';
import { NotAlone } from '../platform/process-register.ts';
import { systemRandom } from '../platform/system.ts';
import { claims } from '../storage/tables.ts';
import { UsageError, type Output } from './output.ts';

/** SIGTERM promises an end within 10 s. */
const LAST_MS = 9_500;

export interface ServeOptions {
  data?: string;
  env?: Readonly<Record<string, string | undefined>>;
  /** Runs once it listens, before the address is told: fills a demonstration, for one. Returns lines to tell after it. */
  prepare?: (app: Application) => Promise<string[]>;
}

/** Serves until it is told to stop. */
export async function serve(out: Output, options: ServeOptions = {}): Promise<void> {
  const settings = loadConfig(options.env ?? process.env, { data: options.data, setUpCode: newCode() });
  const services = await openServices(settings);
  let app: Application;
  try {
    app = await startApplication(services);
  } catch (error) {
    await services.close();
    if (error instanceof NotAlone) throw new UsageError(error.message);
    if (isCode(error, 'EADDRINUSE')) throw new UsageError(`port ${settings.port} is taken: stop what uses it, or set PARLEY_PORT`);
    if (isCode(error, 'EACCES') || isCode(error, 'EADDRNOTAVAIL')) throw new UsageError(`cannot listen on ${settings.host}:${settings.port}`);
    throw error;
  }
  stopOnSignals(app);
  const more = (await options.prepare?.(app)) ?? [];
  const isSetUp = (await services.deps.store.read((tx) => tx.get(claims, ['set_up']))) !== undefined;
  out.say('', `  Parley is at ${app.url}`, ...nextSteps(settings, app, isSetUp), ...more.map((line) => `  ${line}`), '');
  out.result({ url: app.url, set_up: isSetUp, web_built: app.webBuilt, ...(isSetUp || isLoopbackHost(settings.host) ? {} : { set_up_code: app.setUpCode }) });
}

function nextSteps(settings: Settings, app: Application, isSetUp: boolean): string[] {
  const lines: string[] = [];
  if (!app.webBuilt) lines.push('  The web client is not built: run `npm run build` and start again.');
  if (!isSetUp) {
    lines.push('  Open it to set up the owner and the first workspace.');
    if (!isLoopbackHost(settings.host)) lines.push(`  Set-up code: ${app.setUpCode}`);
    else if (settings.urlGiven) lines.push(`  Set-up code, when you come through a proxy: ${app.setUpCode}`);
  }
  lines.push(`  Data: ${settings.dataDirectory}`, '  Stop with Ctrl-C.');
  if (!isLoopbackHost(settings.host) && !settings.urlGiven) lines.push('  Browsers on other machines need PARLEY_URL set to the address they use.');
  return lines;
}

function stopOnSignals(app: Application): void {
  let stopping = false;
  const stop = (signal: NodeJS.Signals | null, code = 0) => {
    if (stopping) return;
    stopping = true;
    app.core.deps.logger.info({ signal }, 'stopping');
    setTimeout(() => process.exit(1), LAST_MS).unref();
    app.stop().then(
      () => process.exit(code),
      (error: unknown) => {
        app.core.deps.logger.error({ err: error }, 'the stop failed');
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', () => stop('SIGTERM'));
  process.on('SIGINT', () => stop('SIGINT'));
  void app.lost.then((reason) => {
    app.core.deps.logger.error({ reason }, 'this process must not serve any more');
    stop(null, 1);
  });
}

/** Ten letters and digits that are not mistaken for each other: 49 bits. */
function newCode(): string {
  const alphabet = 'abcdefghjkmnpqrstuvwxyz23456789';
  const letters: string[] = [];
  while (letters.length < 10) {
    const byte = systemRandom.bytes(1)[0]!;
    // The rest of 256 over the alphabet would make some letters likelier.
    if (byte < 256 - (256 % alphabet.length)) letters.push(alphabet[byte % alphabet.length]!);
  }
  return `${letters.slice(0, 5).join('')}-${letters.slice(5).join('')}`;
}

const isCode = (error: unknown, code: string): boolean => error instanceof Error && 'code' in error && error.code === code;
