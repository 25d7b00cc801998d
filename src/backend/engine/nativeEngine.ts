import { realpathSync } from "node:fs";
import { createRequire } from "node:module";
import type * as util from "node:util";
import { inspectManagedEngine } from "../../engines/managed.js";
import { addonOf, type PackageCopy, packageOf } from "./packageCopies.js";

/** How the native engine can be had in this process. */
export type NativeChoice =
  | { readonly kind: "own"; readonly entry: string; readonly addon: string; readonly sentence: string }
  | {
      readonly kind: "managed";
      readonly entry: string;
      readonly addon: string;
      readonly folder: string;
      readonly sentence: string;
    }
  | { readonly kind: "none"; readonly sentence: string };

const load = createRequire(__filename);

/**
 * `ownEntry`: main file of the project's own tfjs-node, null where it has none. Its addon is loaded to know whether it
 * works, which the script is about to do anyway.
 */
export function chooseNative(ownEntry: string | null): NativeChoice {
  const copy = ownEntry === null ? null : packageOf(ownEntry);
  const label = copy === null ? "@tensorflow/tfjs-node" : `${copy.name} ${copy.version}`;
  const addon = copy === null ? null : addonOf(copy);
  const trouble = ownTrouble(copy, label, addon);
  if (ownEntry !== null && addon !== null && trouble === null) {
    return { kind: "own", entry: ownEntry, addon, sentence: `The project's own ${label} works.` };
  }
  const state = inspectManagedEngine();
  if (state.state !== "installed") {
    const why = state.state === "absent" ? "no managed native engine is installed" : damaged(state.reason);
    return { kind: "none", sentence: `${trouble}, and ${why}` };
  }
  const managed = state.engine;
  const managedTrouble = loadTrouble(managed.addonPath);
  if (managedTrouble !== null) {
    return { kind: "none", sentence: `${trouble}, and the managed native engine does not load: ${managedTrouble}` };
  }
  const { tensorflow } = managed.manifest.versions;
  const sentence = `${trouble}; the managed native engine (TensorFlow ${tensorflow}) computes instead.`;
  // The binding's interface has been the same throughout version 4; the project's own JavaScript is kept where it fits.
  const fits = copy?.name === "@tensorflow/tfjs-node" && copy.version.startsWith("4.");
  const entry = ownEntry !== null && fits ? ownEntry : load.resolve(managed.packageFolder);
  return { kind: "managed", entry, addon: managed.addonPath, folder: realpathSync(managed.folder), sentence };
}

function damaged(reason: string): string {
  return `the managed native engine is damaged (${reason})`;
}

function ownTrouble(copy: PackageCopy | null, label: string, addon: string | null): string | null {
  if (copy === null) return `${label} is not installed in this project`;
  if (addon === null) return `The native addon of ${label} is missing`;
  const trouble = loadTrouble(addon);
  return trouble === null ? null : `The native addon of ${label} does not load (${trouble})`;
}

function loadTrouble(addon: string): string | null {
  try {
    load(addon);
    return null;
  } catch (error) {
    return (error instanceof Error ? error.message : String(error)).split("\n", 1)[0] ?? "";
  }
}

/** tfjs-node 4.22 calls functions of `util` that Node 23 removed (https://github.com/tensorflow/tfjs/issues/8425). */
export function supplyRemovedUtilities(): void {
  const removed: Readonly<Record<string, (value: unknown) => boolean>> = {
    isArray: Array.isArray,
    isNullOrUndefined: (value) => value === null || value === undefined,
  };
  const target = load("node:util") as typeof util;
  for (const [name, value] of Object.entries(removed)) {
    if (!(name in target)) {
      Object.defineProperty(target, name, { value, configurable: true, writable: true, enumerable: false });
    }
  }
}
