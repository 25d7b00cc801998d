/** What a command may touch of the process it runs in. */
export interface CommandIo {
  stdout(text: string): void;
  stderr(text: string): void;
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  /** Aborted when the user interrupts a command of ours (not the script under `train` and `exec`). */
  readonly signal: AbortSignal;
}

/** Exit codes of our own (sysexits.h). */
export const exitCodes = { usage: 64, missing: 66, internal: 70 } as const;

/** An expected failure: `message` is the one line for stderr. */
export class CommandError extends Error {
  readonly exitCode: number;

  constructor(message: string, options: ErrorOptions & { readonly exitCode: number }) {
    super(message, options);
    this.exitCode = options.exitCode;
  }
}

export function usageError(message: string, cause?: unknown): CommandError {
  return new CommandError(message, { exitCode: exitCodes.usage, cause });
}

export function missingError(message: string, cause?: unknown): CommandError {
  return new CommandError(message, { exitCode: exitCodes.missing, cause });
}
