/** The oldest browsers that the client runs on: Electron 22's Chromium, Firefox ESR, current Safari. */
const version = (major: number, minor = 0): number => (major << 16) | (minor << 8);

export const TARGETS = {
  esbuild: ['chrome108', 'firefox128', 'safari17.4'],
  lightning: { chrome: version(108), firefox: version(128), safari: version(17, 4) },
};
