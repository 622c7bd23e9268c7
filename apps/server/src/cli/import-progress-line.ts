export interface ProgressLine {
  show(progress: number, stage: string): void;
  clear(): void;
}

const EVERY_MS = 100;
const WIDTH = 24;

/** Progress on standard error: one line that is drawn over on a terminal, a line each tenth elsewhere, nothing for machines. */
export function progressLine(quiet: boolean, stream: NodeJS.WriteStream = process.stderr): ProgressLine {
  let last = 0;
  let tenth = -1;
  return {
    show(progress, stage) {
      if (quiet) return;
      if (!stream.isTTY) {
        const now = Math.floor(progress * 10);
        if (now > tenth) stream.write(`${now * 10} % ${stage}\n`);
        tenth = Math.max(tenth, now);
        return;
      }
      if (Date.now() - last < EVERY_MS) return;
      last = Date.now();
      const full = Math.round(progress * WIDTH);
      const text = `${'█'.repeat(full)}${'░'.repeat(WIDTH - full)} ${String(Math.floor(progress * 100)).padStart(3)} %  ${stage}`;
      stream.write(`\r\x1b[K${text.slice(0, (stream.columns || 80) - 1)}`);
    },
    clear() {
      if (!quiet && stream.isTTY) stream.write('\r\x1b[K');
    },
  };
}
