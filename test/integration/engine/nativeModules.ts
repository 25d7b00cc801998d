import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { findManagedEngine } from "../../../src/engines/managed.js";

/** A node_modules with a tfjs-node that computes: what LAYERSCOPE_TEST_NATIVE names, else the managed engine's. */
export function nativeModules(): string | null {
  const named = process.env.LAYERSCOPE_TEST_NATIVE;
  const managed = findManagedEngine()?.packageFolder;
  const isNamed = named !== undefined && named !== "1";
  const folder = isNamed ? named : managed && resolve(managed, "../..");
  return folder !== undefined && existsSync(folder) ? resolve(folder) : null;
}
