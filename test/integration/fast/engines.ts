import { cpSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { resultOf, runScript, type ScriptResult } from "../backend/runScript.js";
import { nativeModules } from "../engine/nativeModules.js";

type Engine = "embedded" | "native";

const native = nativeModules();

/** The engines that can be tested here. */
export const engines: readonly Engine[] = native !== null ? ["embedded", "native"] : ["embedded"];

/** Runs a fixture below test/fixtures with or without the fast path, on one of the engines. */
export function runFast(script: string, engine: Engine, fast: boolean): ScriptResult {
  const options = { fast, budget: "5", engine: engine === "native" ? ("auto" as const) : ("embedded" as const) };
  if (engine === "embedded") return runScript(resolve("test/fixtures", script), options);
  const folder = mkdtempSync(join(tmpdir(), "layerscope-fast-"));
  try {
    cpSync("test/fixtures/fast", join(folder, "fast"), { recursive: true });
    cpSync("test/fixtures/models", join(folder, "models"), { recursive: true });
    symlinkSync(native as string, join(folder, "node_modules"));
    return runScript(join(folder, script), options, { env: { TF_CPP_MIN_LOG_LEVEL: "2" } });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What a fixture prints, once with and once without the fast path. */
export function bothWays(script: string, engine: Engine) {
  const [normal, fast] = [runFast(script, engine, false), runFast(script, engine, true)];
  return { normal: resultOf(normal), fast: resultOf(fast), notes: fast.runs[0]?.run.notes ?? [], stderr: fast.stderr };
}
