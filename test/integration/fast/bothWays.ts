import { resultOf, type ScriptResult } from "../backend/runScript.js";
import { type Engine, runOnEngine } from "../engine/runOnEngine.js";

/** Runs a fixture with or without the fast path, on one of the engines. */
export function runFast(script: string, engine: Engine, fast: boolean): ScriptResult {
  return runOnEngine(engine, script, { fast, budget: "5" });
}

/** What a fixture prints, once with and once without the fast path. */
export function bothWays(script: string, engine: Engine) {
  const [normal, fast] = [runFast(script, engine, false), runFast(script, engine, true)];
  return { normal: resultOf(normal), fast: resultOf(fast), notes: fast.runs[0]?.run.notes ?? [], stderr: fast.stderr };
}
