import { beforeEach, describe, expect, it, vi } from 'vitest';
import scenes from './de/scenes.json';
import shell from './de/shell.json';

const OF_SCENES = Object.keys(scenes)[0]!;
const OF_SHELL = Object.keys(shell)[0]!;

describe('I18-1 words on demand', () => {
  // Each start of the client knows of no language yet.
  beforeEach(() => vi.resetModules());
  const start = () => import('./catalogue.ts');

  it('the first paint waits for its own words alone, and a scene brings the others', async () => {
    const { loadCatalogue, withWords } = await start();
    const german = await loadCatalogue('de');
    expect([OF_SHELL in german, OF_SCENES in german]).toEqual([true, false]);
    expect(await withWords(Promise.resolve('part'))).toBe('part');
    expect(german[OF_SCENES]).toBe(scenes[OF_SCENES as keyof typeof scenes]);
    expect(await loadCatalogue('de')).toBe(german);
  });
  it('a language that is chosen while a scene is open comes with the words of scenes', async () => {
    const { ENGLISH, loadCatalogue, withWords } = await start();
    await loadCatalogue('en');
    await withWords(Promise.resolve(null));
    expect(OF_SCENES in ENGLISH).toBe(true);
    expect(OF_SCENES in (await loadCatalogue('de'))).toBe(true);
  });
  it('a scene and a language that are asked for at the same time both find their words', async () => {
    const { ENGLISH, loadCatalogue, withWords } = await start();
    const [german] = await Promise.all([loadCatalogue('de'), withWords(Promise.resolve(null))]);
    // English is not fetched for somebody who reads German.
    expect([OF_SCENES in german, OF_SCENES in ENGLISH]).toEqual([true, false]);
    expect(OF_SCENES in (await loadCatalogue('en'))).toBe(true);
  });
});
