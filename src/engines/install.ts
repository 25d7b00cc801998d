import { existsSync } from "node:fs";
import { mkdir, rm, statfs } from "node:fs/promises";
import { basename, join } from "node:path";
import { addonFile } from "./buildAddon.js";
import { EngineError, explainWriteError, throwIfCancelled } from "./engineError.js";
import { enginesFolder } from "./enginePaths.js";
import { type EngineSpec, engineSpec } from "./engineSpec.js";
import { findNpm } from "./engineTools.js";
import { type InstallLock, takeInstallLock } from "./installLock.js";
import { installPackages, packagesDoneFile } from "./installPackages.js";
import { type InstallProgress, ProgressReporter } from "./installProgress.js";
import { buildFromWheel, findWheelTools, type WheelTools, wheelRouteBytes } from "./installWheel.js";
import { inspectManagedKey, type ManagedEngine, managedKey, managedTensorflowVersions } from "./managed.js";
import { bytesIn, downloadsName, essentialFiles, lockName, switchTo, workFolder } from "./managedFolder.js";
import { probeOfficialByNpm, probeOfficialDownload, runOfficialInstall } from "./officialDownload.js";
import type { ProcessOptions } from "./runProcess.js";
import { verifyPackage } from "./verifyEngine.js";

export interface InstallOptions {
  readonly onProgress?: (progress: InstallProgress) => void;
  readonly signal?: AbortSignal;
  /** Makes it anew although one is there. */
  readonly force?: boolean;
  /** Environment of the tools (PATH, proxies) and of LAYERSCOPE_CACHE. */
  readonly env?: NodeJS.ProcessEnv;
  /** The user's Node: verifies the engine and tells where npm may be. */
  readonly node?: string;
  readonly spec?: EngineSpec;
  /** Must throw if the engine in `packageFolder` does not work. */
  readonly verify?: (packageFolder: string, run: ProcessOptions & { readonly node: string }) => Promise<unknown>;
}

export interface InstallResult {
  readonly outcome: "installed" | "already";
  readonly engine: ManagedEngine;
}

interface Installation {
  readonly spec: EngineSpec;
  readonly engines: string;
  readonly downloads: string;
  readonly node: string;
  readonly run: ProcessOptions;
  readonly reporter: ProgressReporter;
  readonly verify: NonNullable<InstallOptions["verify"]>;
}

interface Built {
  readonly source: "wheel" | "official";
  readonly tensorflow: string;
  readonly compiler: string | null;
}

const spareBytes = 50_000_000;

/**
 * Makes a working tfjs-node in the user's cache: its packages by npm; then tfjs-node's own download if that answers,
 * else TensorFlow's libraries out of the Python wheel by pip and the addon by a compiler. Until the last moment the
 * engine that was there before stays as it is. Rejects with an `EngineError`.
 */
export async function installManagedEngine(options: InstallOptions = {}): Promise<InstallResult> {
  const env = options.env ?? process.env;
  const engines = enginesFolder(env);
  const present = firstInstalled(env);
  if (present && !options.force) return { outcome: "already", engine: present };
  const installation: Installation = {
    spec: options.spec ?? engineSpec(),
    engines,
    downloads: join(engines, downloadsName),
    node: options.node ?? process.execPath,
    run: { env, signal: options.signal ?? new AbortController().signal },
    reporter: new ProgressReporter(options.onProgress ?? (() => undefined)),
    verify: options.verify ?? verifyPackage,
  };
  const lock = await takeInstallLock(join(engines, lockName));
  try {
    const meanwhile = firstInstalled(env);
    if (meanwhile && !options.force) return { outcome: "already", engine: meanwhile };
    return { outcome: "installed", engine: await installLocked(installation, lock) };
  } catch (error) {
    throwIfCancelled(installation.run.signal);
    throw explainWriteError(error, engines);
  } finally {
    await lock.release();
  }
}

function firstInstalled(env: NodeJS.ProcessEnv): ManagedEngine | null {
  for (const version of managedTensorflowVersions) {
    const found = inspectManagedKey(managedKey(version), env);
    if (found.state === "installed") return found.engine;
  }
  return null;
}

async function installLocked(installation: Installation, lock: InstallLock): Promise<ManagedEngine> {
  const { spec, engines, downloads, run, reporter, node } = installation;
  reporter.begin("check", "Looking for npm, Python and a compiler");
  const npm = await findNpm(node, run);
  const tools = await findWheelTools(spec, run).catch((error: unknown) => {
    throwIfCancelled(run.signal);
    if (error instanceof EngineError) return error;
    throw error;
  });
  if (tools instanceof EngineError) await checkOfficialIsThere(tools, npm, installation);
  await mkdir(downloads, { recursive: true });
  const folder = await workFolder(engines, managedKey(spec.tensorflowVersion));
  try {
    await checkDisk(installation, tools, folder);
    if (!existsSync(join(folder, packagesDoneFile))) {
      reporter.begin("packages", "Fetching tfjs-node's JavaScript with npm");
      await installPackages(folder, spec, { npm, env: run.env, signal: run.signal });
    }
    const built = await build(installation, tools, folder);
    throwIfCancelled(run.signal);
    reporter.begin("switch", "Switching to it");
    return await finish(installation, lock, folder, built);
  } catch (error) {
    if (!existsSync(join(folder, packagesDoneFile))) await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

/** Without the tools for the wheel only tfjs-node's own download is left; known before anything is fetched. */
async function checkOfficialIsThere(missing: EngineError, npm: string, { spec, run }: Installation): Promise<void> {
  const probe = await probeOfficialByNpm(spec.tfjsNodeVersion, npm, run);
  if (!probe.ok) throw withoutOfficial(missing, probe.reason);
}

function withoutOfficial(missing: EngineError, reason: string): EngineError {
  if (missing.code !== "unsupported") return missing;
  const what = `${missing.what} tfjs-node's own download cannot help: ${reason}.`;
  return new EngineError("unsupported", what, missing.action, { cause: missing });
}

async function checkDisk(installation: Installation, tools: WheelTools | EngineError, folder: string): Promise<void> {
  const { spec, engines, downloads } = installation;
  const packages = existsSync(join(folder, packagesDoneFile)) ? 0 : spec.packages.unpackedBytes;
  const wheel = tools instanceof EngineError ? 0 : await wheelRouteBytes(spec, tools, downloads);
  const needed = packages + wheel + spareBytes;
  const { bavail, bsize } = await statfs(engines);
  const free = bavail * bsize;
  if (free >= needed) return;
  const inGigabytes = (bytes: number) => `${(bytes / 1e9).toFixed(1)} GB`;
  throw new EngineError(
    "diskFull",
    `The native engine needs ${inGigabytes(needed)} while it is made; the disk of ${engines} has ${inGigabytes(free)} free.`,
    "Free some space, or set LAYERSCOPE_CACHE to a folder on a larger disk.",
  );
}

async function build(installation: Installation, tools: WheelTools | EngineError, folder: string): Promise<Built> {
  const { spec, downloads, reporter, run, node, verify } = installation;
  const packageFolder = join(folder, "node_modules", "@tensorflow", "tfjs-node");
  await rm(join(packageFolder, "lib"), { recursive: true, force: true });
  const official = { packageFolder, node, ...run };
  reporter.begin("official", "Asking tfjs-node's own storage host");
  const probe = await probeOfficialDownload(official);
  throwIfCancelled(run.signal);
  if (probe.ok) {
    reporter.begin("official", "Downloading from tfjs-node's own storage host");
    if (await tryOfficial(installation, official))
      return { source: "official", tensorflow: managedTensorflowVersions[1], compiler: null };
    await rm(join(packageFolder, "deps"), { recursive: true, force: true });
  }
  if (tools instanceof EngineError)
    throw withoutOfficial(tools, probe.ok ? "what it brings does not work" : probe.reason);
  const compiler = await buildFromWheel({ spec, tools, folder, packageFolder, downloads, reporter, run });
  reporter.begin("verify", "Training a test network");
  await verify(packageFolder, { ...run, node });
  return { source: "wheel", tensorflow: spec.tensorflowVersion, compiler };
}

async function tryOfficial(
  installation: Installation,
  official: Parameters<typeof runOfficialInstall>[0],
): Promise<boolean> {
  if (!(await runOfficialInstall(official))) return false;
  try {
    await installation.verify(official.packageFolder, { ...installation.run, node: installation.node });
    return true;
  } catch {
    throwIfCancelled(installation.run.signal);
    return false;
  }
}

async function finish(
  installation: Installation,
  lock: InstallLock,
  folder: string,
  built: Built,
): Promise<ManagedEngine> {
  const { spec, engines, run } = installation;
  const key = managedKey(built.tensorflow);
  const packageFolder = join("node_modules", "@tensorflow", "tfjs-node");
  const addon = addonFile(packageFolder);
  const libraries = join(packageFolder, "deps", "lib");
  const libraryFiles =
    built.source === "wheel" ? spec.libraries.map(({ member }) => join(libraries, basename(member))) : [];
  await lock.assertHeld();
  await switchTo(engines, {
    format: 1,
    key,
    folder: basename(folder),
    source: built.source,
    versions: { "tfjs-node": spec.tfjsNodeVersion, tensorflow: built.tensorflow },
    package: packageFolder,
    addon,
    libraries,
    compiler: built.compiler,
    installedAt: new Date().toISOString(),
    bytes: await bytesIn(folder),
    files: await essentialFiles(folder, [addon, ...libraryFiles]),
  });
  const found = inspectManagedKey(key, run.env);
  if (found.state === "installed") return found.engine;
  throw new EngineError(
    "verifyFailed",
    "The engine vanished while it was being switched to.",
    "Run `layerscope engine install` again.",
  );
}
