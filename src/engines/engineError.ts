export type EngineErrorCode =
  | "cancelled"
  | "busy"
  | "unsupported"
  | "noNpm"
  | "noPython"
  | "noPip"
  | "noCompiler"
  | "noNetwork"
  | "diskFull"
  | "readOnly"
  | "wrongHash"
  | "badArchive"
  | "downloadFailed"
  | "packagesFailed"
  | "compileFailed"
  | "verifyFailed"
  | "notInstalled";

/** Says in its message what happened and what to do next; `code` is for programs. */
export class EngineError extends Error {
  override readonly name = "EngineError";

  constructor(
    readonly code: EngineErrorCode,
    readonly what: string,
    readonly action: string,
    options?: ErrorOptions,
  ) {
    super(`${what} ${action}`, options);
  }
}

export function cancelled(): EngineError {
  return new EngineError(
    "cancelled",
    "Setting up the native engine was cancelled.",
    "What was downloaded is kept: run `layerscope engine install` again to go on from there.",
  );
}

export function throwIfCancelled(signal: AbortSignal): void {
  if (signal.aborted) throw cancelled();
}

/** Turns a failed write into what the user can do about it; anything else comes back as it is. */
export function explainWriteError(error: unknown, folder: string): unknown {
  const code = (error as NodeJS.ErrnoException | null)?.code;
  if (code === "ENOSPC" || code === "EDQUOT") return diskFull(folder, error);
  if (code === "EACCES" || code === "EPERM" || code === "EROFS" || code === "ENOTDIR") {
    return new EngineError(
      "readOnly",
      `The cache folder ${folder} cannot be written (${code}).`,
      "Make it writable, or set LAYERSCOPE_CACHE to a folder that is.",
      { cause: error },
    );
  }
  return error;
}

export function diskFull(folder: string, cause?: unknown): EngineError {
  return new EngineError(
    "diskFull",
    `The disk of ${folder} is full.`,
    "Free some space, or set LAYERSCOPE_CACHE to a folder on a larger disk, and run `layerscope engine install` again.",
    { cause },
  );
}
