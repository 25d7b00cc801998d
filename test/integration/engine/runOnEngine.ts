import { cpSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { BackendOptions } from "../../../src/protocol/options.js";
import { type ProcessOptions, runScript, type ScriptResult } from "../backend/runScript.js";
import { nativeModules } from "./nativeModules.js";

export type Engine = "embedded" | "native";

const native = nativeModules();

/** The engines that can be tested here. */
export const engines: readonly Engine[] = native !== null ? ["embedded", "native"] : ["embedded"];

/** Runs a script of test/fixtures, by its path there, on one of the engines. */
export function runOnEngine(
  engine: Engine,
  script: string,
  options: Partial<BackendOptions> = {},
  started: ProcessOptions = {},
): ScriptResult {
  if (engine === "embedded") return runScript(resolve("test/fixtures", script), options, started);
  if (native === null) throw new Error("There is no native engine here.");
  const copy = mkdtempSync(join(tmpdir(), "layerscope-native-"));
  try {
    for (const folder of ["fast", "models"]) {
      cpSync(join("test/fixtures", folder), join(copy, folder), { recursive: true });
    }
    symlinkSync(native, join(copy, "node_modules"));
    const env = { TF_CPP_MIN_LOG_LEVEL: "2", ...started.env };
    return runScript(join(copy, script), { engine: "auto", ...options }, { ...started, env });
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}
