import { type ChildProcess, spawn } from "node:child_process";
import { cancelled } from "./engineError.js";

export interface ProcessOutcome {
  /** False when there is no such program. */
  readonly started: boolean;
  /** Null when a signal ended it, or the time limit. */
  readonly exitCode: number | null;
  readonly timedOut: boolean;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ProcessOptions {
  readonly env: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
  readonly cwd?: string;
  readonly timeoutMs?: number;
}

const keptOutputBytes = 200_000;
const killAfterMs = 3000;

/**
 * Runs a program to its end, in a process group of its own, so that a cancelled npm or pip takes its children with it.
 * Throws only when cancelled; what went wrong otherwise is in the outcome.
 */
export function runProcess(program: string, args: readonly string[], options: ProcessOptions): Promise<ProcessOutcome> {
  if (options.signal.aborted) return Promise.reject(cancelled());
  const child = spawn(program, args, {
    cwd: options.cwd,
    env: quietEnvironment(options.env),
    stdio: ["ignore", "pipe", "pipe"],
    detached: process.platform !== "win32",
    windowsHide: true,
    shell: process.platform === "win32" && program.endsWith(".cmd"),
  });
  const output = { stdout: "", stderr: "" };
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output.stdout = (output.stdout + text).slice(-keptOutputBytes);
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    output.stderr = (output.stderr + text).slice(-keptOutputBytes);
  });
  return new Promise((resolve, reject) => {
    let timedOut = false;
    const stop = () => endGroup(child);
    const limit = options.timeoutMs
      ? setTimeout(() => {
          timedOut = true;
          stop();
        }, options.timeoutMs)
      : undefined;
    options.signal.addEventListener("abort", stop, { once: true });
    const finish = (started: boolean, exitCode: number | null) => {
      clearTimeout(limit);
      options.signal.removeEventListener("abort", stop);
      if (options.signal.aborted) reject(cancelled());
      else resolve({ started, exitCode, timedOut, ...output });
    };
    child.once("error", () => finish(false, null));
    child.once("close", (exitCode) => finish(true, exitCode));
  });
}

function endGroup(child: ChildProcess): void {
  const { pid } = child;
  if (pid === undefined) return;
  if (process.platform === "win32") {
    spawn("taskkill", ["/pid", String(pid), "/t", "/f"], { stdio: "ignore", windowsHide: true });
    return;
  }
  signalGroup(pid, "SIGTERM");
  const hard = setTimeout(() => signalGroup(pid, "SIGKILL"), killAfterMs);
  child.once("close", () => clearTimeout(hard));
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    return; // it has ended by itself
  }
}

/** Without what would load Layerscope or an editor's helper into the tools we start. */
function quietEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const kept = Object.entries(env).filter(
    ([name]) => name !== "NODE_OPTIONS" && name !== "LAYERSCOPE_OPTIONS" && name !== "ELECTRON_RUN_AS_NODE",
  );
  return Object.fromEntries(kept);
}

/** The last lines of what a tool printed, for an error message. */
export function lastLines(outcome: ProcessOutcome, count = 4): string {
  const lines = `${outcome.stdout}\n${outcome.stderr}`.split(/\r?\n/).filter((line) => line.trim() !== "");
  return lines.slice(-count).join(" | ").slice(-600);
}
