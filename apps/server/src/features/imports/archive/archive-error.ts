/** An archive that cannot be read. Says which file and line, and what is wrong there. */
export class ArchiveError extends Error {
  constructor(readonly reason: string, readonly file?: string, readonly line?: number) {
    super(file === undefined ? reason : line === undefined ? `${file}: ${reason}` : `${file}:${line}: ${reason}`);
    this.name = 'ArchiveError';
  }
}
