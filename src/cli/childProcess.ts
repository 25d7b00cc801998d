import { spawn } from "node:child_process";
import { constants } from "node:os";

export interface ChildEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/**
 * Runs a program with our own stdin, stdout and stderr, and hands signals on. A terminal sends Ctrl+C to the
 * child as well, so SIGINT is handed on only where there is no terminal. Rejects when it cannot be started.
 */
export function runChild(
  program: string,
  args: readonly string[],
  options: { readonly cwd: string; readonly env: NodeJS.ProcessEnv; readonly shell?: boolean },
): Promise<ChildEnd> {
  const child = spawn(program, args, { ...options, stdio: "inherit", windowsHide: false });
  const hasTerminal = process.stdin.isTTY || process.stdout.isTTY || process.stderr.isTTY;
  const handOn = (signal: NodeJS.Signals) => {
    if (signal !== "SIGINT" || !hasTerminal) child.kill(signal);
  };
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  for (const signal of signals) process.on(signal, handOn);
  return new Promise<ChildEnd>((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code, signal) => resolve({ code, signal }));
  }).finally(() => {
    for (const signal of signals) process.off(signal, handOn);
  });
}

/** What a shell would report: the code, or 128 + the signal's number. */
export function exitCodeOf(end: ChildEnd): number {
  if (end.signal !== null) return 128 + constants.signals[end.signal];
  return end.code ?? 0;
}
