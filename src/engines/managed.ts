import { readFileSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { enginesFolder } from "./enginePaths.js";

/** Version of tfjs-node's JavaScript and addon source that is installed. */
export const managedTfjsNodeVersion = "4.22.0";

/** Versions of TensorFlow's libraries, best first: from the Python wheel, from tfjs-node's own download. */
export const managedTensorflowVersions = ["2.21.0", "2.9.1"] as const;

/**
 * `<key>.json` in the engines folder. It is written last and replaced in one rename, so an engine is either there
 * or not; paths are relative to `folder`.
 */
export interface ManagedManifest {
  readonly format: 1;
  readonly key: string;
  /** Name of the engine's folder, beside the manifest. */
  readonly folder: string;
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
  | { readonly state: "absent" }
  | { readonly state: "damaged"; readonly reason: string };

/** Names of engines and of their folders, of any version. */
export const managedKeyPattern = /^tfjs-node-[\d.]+-tensorflow-[\d.]+-/;

/** Name of an engine; versions are in it, so that an update never touches what another version runs on. */
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
  const states = managedTensorflowVersions.map((version) => inspectManagedKey(managedKey(version), env));
  const absent: ManagedState = { state: "absent" };
  return states.find(({ state }) => state === "installed") ?? states.find(({ state }) => state === "damaged") ?? absent;
}

export function inspectManagedKey(key: string, env: NodeJS.ProcessEnv = process.env): ManagedState {
  const path = join(enginesFolder(env), `${key}.json`);
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch {
    return { state: "absent" };
  }
  const manifest = parseManifest(text);
  if (manifest === null) {
    return { state: "damaged", reason: `${path} is not readable as a manifest` };
  }
  const folder = join(enginesFolder(env), manifest.folder);
  for (const [file, bytes] of Object.entries(manifest.files)) {
    const size = sizeOf(join(folder, file));
    if (size !== bytes) {
      const reason = size === null ? `${file} is missing` : `${file} has ${size} bytes; ${bytes} were installed`;
      return { state: "damaged", reason };
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
  const paths = ["package", "addon", "libraries", "key", "folder"].every((name) => typeof candidate[name] === "string");
  const inside = typeof candidate.folder === "string" && basename(candidate.folder) === candidate.folder;
  return candidate.format === 1 && paths && inside && typeof candidate.files === "object" && candidate.files !== null;
}
