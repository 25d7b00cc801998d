import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { explainWriteError } from "./engineError.js";
import { enginesFolder } from "./enginePaths.js";
import { takeInstallLock } from "./installLock.js";
import { inspectManagedKey, managedKey, managedKeyPattern, managedTensorflowVersions } from "./managed.js";
import { bytesIn, downloadsName, lockName, removeLeftovers } from "./managedFolder.js";

export interface ListedEngine {
  readonly key: string;
  readonly state: "installed" | "damaged";
  /** What is wrong with a damaged one. */
  readonly reason: string | null;
  /** Null for one whose manifest cannot be read. */
  readonly folder: string | null;
  /** What a script of this engine would require. */
  readonly packageFolder: string | null;
  readonly versions: Readonly<Record<string, string>>;
  readonly source: string | null;
  readonly compiler: string | null;
  readonly installedAt: string | null;
  readonly bytes: number | null;
  /** Whether this version of Layerscope uses it on this machine. */
  readonly current: boolean;
}

export interface EngineList {
  readonly folder: string;
  readonly engines: readonly ListedEngine[];
  /** What interrupted installations left for the next one to go on with. */
  readonly leftoverBytes: number;
}

export async function listManagedEngines(env: NodeJS.ProcessEnv = process.env): Promise<EngineList> {
  const folder = enginesFolder(env);
  const names = await readdir(folder).catch(() => []);
  const keys = names.filter((name) => name.endsWith(".json")).map((name) => name.slice(0, -".json".length));
  const engines = keys.filter((key) => managedKeyPattern.test(key)).map((key) => listed(key, env));
  const used = new Set(engines.flatMap((engine) => engine.folder ?? []));
  const others = names.map((name) => join(folder, name)).filter((path) => !used.has(path));
  const sizes = await Promise.all(others.map(bytesIn));
  return { folder, engines, leftoverBytes: sizes.reduce((sum, bytes) => sum + bytes, 0) };
}

function listed(key: string, env: NodeJS.ProcessEnv): ListedEngine {
  const found = inspectManagedKey(key, env);
  const current = managedTensorflowVersions.some((version) => managedKey(version) === key);
  const nothing = { versions: {}, source: null, compiler: null, installedAt: null, bytes: null };
  const nowhere = { folder: null, packageFolder: null };
  switch (found.state) {
    case "installed": {
      const { versions, source, compiler, installedAt, bytes } = found.engine.manifest;
      const { folder, packageFolder } = found.engine;
      const made = { versions, source, compiler, installedAt, bytes };
      return { key, state: "installed", reason: null, folder, packageFolder, ...made, current };
    }
    case "damaged":
      return { key, state: "damaged", reason: found.reason, current, ...nowhere, ...nothing };
    case "absent":
      return { key, state: "damaged", reason: "it was removed meanwhile", current, ...nowhere, ...nothing };
  }
}

/** Removes all managed engines and what interrupted installations left; returns the names of what is gone. */
export async function removeManagedEngines(env: NodeJS.ProcessEnv = process.env): Promise<readonly string[]> {
  const folder = enginesFolder(env);
  const { engines, leftoverBytes } = await listManagedEngines(env);
  if (engines.length === 0 && leftoverBytes === 0) return [];
  const lock = await takeInstallLock(join(folder, lockName));
  try {
    // Manifests first: from then on nobody finds the engine, whatever becomes of its folder.
    for (const { key } of engines) await rm(join(folder, `${key}.json`), { force: true });
    await removeLeftovers(folder);
    await rm(join(folder, downloadsName), { recursive: true, force: true });
    return engines.map(({ key }) => key);
  } catch (error) {
    throw explainWriteError(error, folder);
  } finally {
    await lock.release();
  }
}
