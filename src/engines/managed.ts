import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { enginesFolder } from "./enginePaths.js";

/** Version of tfjs-node's JavaScript and addon source that is installed. */
export const managedTfjsNodeVersion = "4.22.0";

/** Versions of TensorFlow's libraries, best first: from the Python wheel, from tfjs-node's own download. */
export const managedTensorflowVersions = ["2.21.0", "2.9.1"] as const;

/** `engine.json` in the folder of an installed engine; paths are relative to that folder. */
export interface ManagedManifest {
  readonly format: 1;
  readonly key: string;
  readonly source: "wheel" | "official";
  readonly versions: { readonly "tfjs-node": string; readonly tensorflow: string };
  readonly package: string;
  readonly addon: string;
  readonly libraries: string;
  /** The compiler's first version line; null for a downloaded addon. */
  readonly compiler: string | null;
  readonly installedAt: string;
  readonly bytes: number;
  /** Files that must be there with exactly this size, or the engine is damaged. */
  readonly files: Readonly<Record<string, number>>;
}

/** An installed native engine. All paths are absolute. */
export interface ManagedEngine {
  readonly folder: string;
  /** Complete `@tensorflow/tfjs-node`, dependencies beside it: `require(packageFolder)` works as it is. */
  readonly packageFolder: string;
  /** The Node-API addon, for a copy of tfjs-node that lacks its own; finds its libraries by itself (rpath). */
  readonly addonPath: string;
  readonly libraryFolder: string;
  readonly manifest: ManagedManifest;
}

export type ManagedState =
  | { readonly state: "installed"; readonly engine: ManagedEngine }
  | { readonly state: "absent"; readonly folder: string }
  | { readonly state: "damaged"; readonly folder: string; readonly reason: string };

/** Folder name of an engine; versions are in it, so that an update never touches what another version runs on. */
export function managedKey(
  tensorflow: string,
  platform: string = process.platform,
  arch: string = process.arch,
): string {
  return `tfjs-node-${managedTfjsNodeVersion}-tensorflow-${tensorflow}-${platform}-${arch}`;
}

/** The engine that a training can use now, or null. Costs one small file and a few stats; never throws. */
export function findManagedEngine(env: NodeJS.ProcessEnv = process.env): ManagedEngine | null {
  const found = inspectManagedEngine(env);
  return found.state === "installed" ? found.engine : null;
}

/** As `findManagedEngine`, and says what is wrong with one that cannot be used. */
export function inspectManagedEngine(env: NodeJS.ProcessEnv = process.env): ManagedState {
  const states = managedTensorflowVersions.map((version) =>
    inspectManagedFolder(join(enginesFolder(env), managedKey(version))),
  );
  const first =
    states.find((found) => found.state === "installed") ?? states.find((found) => found.state === "damaged");
  return first ?? { state: "absent", folder: join(enginesFolder(env), managedKey(managedTensorflowVersions[0])) };
}

export function inspectManagedFolder(folder: string): ManagedState {
  let text: string;
  try {
    text = readFileSync(join(folder, "engine.json"), "utf8");
  } catch {
    return statSync(folder, { throwIfNoEntry: false }) === undefined
      ? { state: "absent", folder }
      : { state: "damaged", folder, reason: "engine.json is missing" };
  }
  const manifest = parseManifest(text);
  if (manifest === null) {
    return { state: "damaged", folder, reason: "engine.json is not readable" };
  }
  for (const [file, bytes] of Object.entries(manifest.files)) {
    const size = sizeOf(join(folder, file));
    if (size !== bytes) {
      return {
        state: "damaged",
        folder,
        reason: size === null ? `${file} is missing` : `${file} has ${size} bytes, installed were ${bytes}`,
      };
    }
  }
  return {
    state: "installed",
    engine: {
      folder,
      packageFolder: join(folder, manifest.package),
      addonPath: join(folder, manifest.addon),
      libraryFolder: join(folder, manifest.libraries),
      manifest,
    },
  };
}

function sizeOf(path: string): number | null {
  try {
    return statSync(path).size;
  } catch {
    return null;
  }
}

function parseManifest(text: string): ManagedManifest | null {
  try {
    const value: unknown = JSON.parse(text);
    return isManifest(value) ? value : null;
  } catch {
    return null;
  }
}

function isManifest(value: unknown): value is ManagedManifest {
  if (typeof value !== "object" || value === null) {
    return false;
  }
  const candidate = value as Record<string, unknown>;
  const paths = ["package", "addon", "libraries", "key"].every((name) => typeof candidate[name] === "string");
  return candidate.format === 1 && paths && typeof candidate.files === "object" && candidate.files !== null;
}
