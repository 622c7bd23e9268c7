import { problems } from './compare.ts';
import { Scenario } from './scenario.ts';

export interface Outcome { seed: number; problems: string[]; steps: number }

/** How long everyone may take to be as one after all is well again, and after a last live frame was lost. */
const SETTLE_MS = 120_000;
const LAST_FRAME_MS = 11_000;

/** One run: a storm, its end, and what is not as it must be then. */
export async function simulate(seed: number, options: { steps?: number; cluster?: boolean } = {}): Promise<Outcome> {
  const scenario = new Scenario(seed, options);
  const found: string[] = [];
  await scenario.begin();
  await scenario.clock.advance(3_000);
  for (let round = 0; round < 2 && found.length === 0; round++) {
    await scenario.storm((options.steps ?? 120) / 2);
    await scenario.heal();
    await scenario.clock.advance(SETTLE_MS);
    found.push(...(await problems(scenario)).map((p) => `[after storm ${round + 1}] ${p}`));
  }
  if (found.length === 0) found.push(...(await lastFrameLost(scenario)).map((p) => `[last frame lost] ${p}`));
  if (found.length === 0) found.push(...(await fromCache(scenario)).map((p) => `[from the cache] ${p}`));
  for (const device of scenario.devices) device.crash();
  scenario.server.kill();
  return { seed, problems: found, steps: scenario.clock.steps };
}

/** Every live frame of one last send is lost and nothing more is said: within 10 s all show it. */
async function lastFrameLost(scenario: Scenario): Promise<string[]> {
  const device = scenario.chance.pick(scenario.devices);
  const channel = device.engine!.channels(scenario.workspaceId).get().find((c) => !c.channel.archived);
  if (!channel) return [];
  scenario.weather = { ...scenario.weather, liveLoss: 1 };
  scenario.send(device, channel.id, null, false);
  await scenario.clock.advance(500);
  const since = scenario.clock.now();
  await scenario.clock.advance(LAST_FRAME_MS - (scenario.clock.now() - since));
  const found = await problems(scenario);
  scenario.weather = { ...scenario.weather, liveLoss: 0 };
  return found;
}

/** What lies in the stores alone makes the same replica again, and it catches up to the same. */
async function fromCache(scenario: Scenario): Promise<string[]> {
  for (const device of scenario.devices) {
    device.crash();
    void device.start();
  }
  await scenario.clock.advance(30_000);
  return problems(scenario, { shown: false });
}
