import { EngineError } from "./engineError.js";
import { inspectManagedEngine } from "./managed.js";
import { lastLines, runProcess } from "./runProcess.js";
import { verifyReference, verifyScript, verifyTolerance } from "./verifyScript.js";

export interface VerifyResult {
  readonly backend: string;
  /** Largest difference of a loss or a running statistic from its stored value. */
  readonly largestDifference: number;
  readonly tolerance: number;
}

export interface VerifyOptions {
  /** The Node that runs it. */
  readonly node?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly signal?: AbortSignal;
}

const timeLimitMs = 120_000;

/** Trains a small BatchNorm model with the installed engine and compares losses and running statistics. */
export async function verifyManagedEngine(options: VerifyOptions = {}): Promise<VerifyResult> {
  const found = inspectManagedEngine(options.env);
  switch (found.state) {
    case "installed":
      return verifyPackage(found.engine.packageFolder, options);
    case "damaged":
      throw new EngineError(
        "verifyFailed",
        `The managed engine is damaged: ${found.reason}.`,
        "Run `layerscope engine install` to make it anew.",
      );
    case "absent":
      throw new EngineError("notInstalled", "No managed engine is installed.", "Run `layerscope engine install`.");
  }
}

export async function verifyPackage(packageFolder: string, options: VerifyOptions = {}): Promise<VerifyResult> {
  const outcome = await runProcess(options.node ?? process.execPath, ["-e", verifyScript, packageFolder], {
    env: { ...(options.env ?? process.env), TF_CPP_MIN_LOG_LEVEL: "2" },
    signal: options.signal ?? new AbortController().signal,
    timeoutMs: timeLimitMs,
  });
  const result = parseResult(outcome.stdout);
  if (outcome.exitCode !== 0 || result === null) {
    const how = outcome.timedOut
      ? `did not end within ${timeLimitMs / 1000} s`
      : `ended with ${outcome.exitCode ?? "a signal"}`;
    throw verifyFailed(`Training a test network with it ${how}: ${lastLines(outcome)}.`);
  }
  const largestDifference = Math.max(
    differenceOf("loss", result.losses, verifyReference.losses),
    differenceOf("running statistic", result.running, verifyReference.running),
  );
  return { backend: result.backend, largestDifference, tolerance: verifyTolerance };
}

function differenceOf(what: string, got: readonly number[], wanted: readonly number[]): number {
  if (got.length !== wanted.length) {
    throw verifyFailed(`The test network gave ${got.length} ${what} values, wanted ${wanted.length}.`);
  }
  const differences = got.map((value, index) => Math.abs(value - (wanted[index] ?? Number.NaN)));
  const wrong = differences.findIndex((difference) => !(difference <= verifyTolerance));
  if (wrong >= 0) {
    throw verifyFailed(
      `The test network's ${what} ${wrong + 1} is ${got[wrong]}, wanted ${wanted[wrong]} ± ${verifyTolerance}.`,
    );
  }
  return Math.max(...differences);
}

function verifyFailed(what: string): EngineError {
  return new EngineError(
    "verifyFailed",
    `The native engine does not compute as it should. ${what}`,
    "Run `layerscope engine remove` and `layerscope engine install`; until it works, train with `--engine embedded`.",
  );
}

interface ScriptResult {
  readonly backend: string;
  readonly losses: readonly number[];
  readonly running: readonly number[];
}

function parseResult(stdout: string): ScriptResult | null {
  const line = /^LAYERSCOPE (.*)$/m.exec(stdout)?.[1];
  if (line === undefined) return null;
  const value: unknown = JSON.parse(line);
  return isScriptResult(value) ? value : null;
}

function isScriptResult(value: unknown): value is ScriptResult {
  if (typeof value !== "object" || value === null) return false;
  const { backend, losses, running } = value as Record<string, unknown>;
  return typeof backend === "string" && Array.isArray(losses) && Array.isArray(running);
}
