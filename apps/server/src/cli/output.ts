/** What a command prints: text for people, or with `--json` one JSON document for machines. */
export interface Output {
  /** Lines for people; nothing with `--json`. */
  say(...lines: string[]): void;
  /** The command's result; nothing without `--json`. */
  result(value: unknown): void;
}

export function output(json: boolean, write: (text: string) => void = (text) => void process.stdout.write(text)): Output {
  return {
    say: (...lines) => {
      if (!json) write(`${lines.join('\n')}\n`);
    },
    result: (value) => {
      if (json) write(`${JSON.stringify(value)}\n`);
    },
  };
}

/** A mistake of whoever runs the command: told without a stack, exit code 1. */
export class UsageError extends Error {}
