import { mkdir, rm, stat, symlink } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { buildAddon, unpackZig } from "./buildAddon.js";
import { EngineError } from "./engineError.js";
import type { EngineSpec, WheelSpec } from "./engineSpec.js";
import { type CompilerTool, findCompilers, findPip, type PipTool } from "./engineTools.js";
import type { ProgressReporter } from "./installProgress.js";
import { type ProcessOptions, runProcess } from "./runProcess.js";
import { downloadWheel } from "./wheelDownload.js";
import { extractZipEntry, readZipDirectory, type ZipEntry } from "./zipArchive.js";

export interface WheelTools {
  readonly wheel: WheelSpec;
  readonly pip: PipTool;
  /** May be empty: then a compiler is downloaded. */
  readonly compilers: readonly CompilerTool[];
}

interface WheelRoute {
  readonly spec: EngineSpec;
  readonly tools: WheelTools;
  /** The engine's folder in the making. */
  readonly folder: string;
  readonly packageFolder: string;
  readonly downloads: string;
  readonly reporter: ProgressReporter;
  readonly run: ProcessOptions;
}

const unpackedZigBytes = 460_000_000;

/** Throws what is missing, and what to do about it, before anything is downloaded. */
export async function findWheelTools(spec: EngineSpec, run: ProcessOptions): Promise<WheelTools> {
  if (spec.wheel === null) throw unsupported(`${process.platform}-${process.arch}`);
  await checkLibc(spec.wheel, run);
  const pip = await findPip(run);
  const compilers = await findCompilers(run);
  if (compilers.length === 0 && spec.zig === null) {
    throw new EngineError(
      "noCompiler",
      "No C++ compiler was found; the addon of tfjs-node is compiled here.",
      "Install one (package g++ or clang, on macOS `xcode-select --install`) and run `layerscope engine install` again.",
    );
  }
  return { wheel: spec.wheel, pip, compilers };
}

/** Disk space that this way takes at its height, without the packages. */
export async function wheelRouteBytes(spec: EngineSpec, tools: WheelTools, downloads: string): Promise<number> {
  const libraries = spec.libraries.reduce((sum, library) => sum + library.bytes, 0);
  const wheel = (await sizeOf(join(downloads, tools.wheel.file))) === tools.wheel.bytes ? 0 : tools.wheel.bytes;
  const compiler = tools.compilers.length === 0 && spec.zig ? spec.zig.bytes + unpackedZigBytes : 0;
  return libraries + wheel + compiler;
}

/** Libraries out of the wheel, addon compiled against them. Returns the compiler's name. */
export async function buildFromWheel(route: WheelRoute): Promise<string> {
  const wheel = await fetchWheel(route.tools.wheel, `Downloading TensorFlow ${route.spec.tensorflowVersion}`, route);
  const headersFolder = join(route.folder, "headers");
  await extractParts(wheel, headersFolder, route);
  const compiler = await compileAddon(headersFolder, route);
  await rm(headersFolder, { recursive: true, force: true });
  await rm(join(route.folder, "zig"), { recursive: true, force: true });
  return compiler.version;
}

function fetchWheel(wheel: WheelSpec, label: string, route: WheelRoute): Promise<string> {
  const { tools, downloads, reporter, run } = route;
  reporter.begin("download", label);
  const onBytes = (bytes: number) => reporter.bytes(bytes, wheel.bytes);
  return downloadWheel(wheel, { folder: downloads, pip: tools.pip, env: run.env, signal: run.signal, onBytes });
}

async function extractParts(wheel: string, headersFolder: string, route: WheelRoute): Promise<void> {
  const { spec, packageFolder, reporter } = route;
  const libraryFolder = join(packageFolder, "deps", "lib");
  await mkdir(libraryFolder, { recursive: true });
  const entries = await readZipDirectory(wheel);
  const headers = entries.filter(
    ({ name }) => spec.headers.some((prefix) => name.startsWith(prefix)) && !name.endsWith("/"),
  );
  const libraries = spec.libraries.map(({ member, linkName }) => ({
    entry: memberOf(entries, member, wheel),
    linkName,
  }));
  const total = [...headers, ...libraries.map(({ entry }) => entry)].reduce((sum, entry) => sum + entry.bytes, 0);
  let done = 0;
  reporter.begin("extract", "Unpacking the libraries");
  const onBytes = (bytes: number) => {
    done += bytes;
    reporter.bytes(done, total);
  };
  for (const entry of headers) {
    const target = join(headersFolder, entry.name.replace(/^tensorflow\/include\//, ""));
    await mkdir(dirname(target), { recursive: true });
    await extractZipEntry(wheel, entry, target, { signal: route.run.signal, onBytes });
  }
  for (const { entry, linkName } of libraries) {
    const target = join(libraryFolder, basename(entry.name));
    if ((await sizeOf(target)) === entry.bytes) onBytes(entry.bytes);
    else await extractZipEntry(wheel, entry, target, { signal: route.run.signal, onBytes, flush: true });
    await rm(join(libraryFolder, linkName), { force: true });
    await symlink(basename(entry.name), join(libraryFolder, linkName));
  }
}

function memberOf(entries: readonly ZipEntry[], name: string, wheel: string): ZipEntry {
  const entry = entries.find((candidate) => candidate.name === name);
  if (entry) return entry;
  throw new EngineError(
    "badArchive",
    `${wheel} has no ${name}.`,
    "Report this: the pinned version is not what it was.",
  );
}

async function compileAddon(headersFolder: string, route: WheelRoute): Promise<CompilerTool> {
  const { spec, tools, folder, packageFolder, reporter, run } = route;
  reporter.begin("compile", "Compiling the addon");
  const zigFolder = join(folder, "zig");
  const env = {
    ...run.env,
    ZIG_GLOBAL_CACHE_DIR: join(zigFolder, "cache"),
    ZIG_LOCAL_CACHE_DIR: join(zigFolder, "cache"),
  };
  const nodeHeadersFolder = join(folder, "node_modules", "node-api-headers", "include");
  return buildAddon(
    { packageFolder, headersFolder, nodeHeadersFolder, env, signal: run.signal },
    tools.compilers,
    async () => {
      if (spec.zig === null) return null;
      const wheel = await fetchWheel(spec.zig, "Downloading a C++ compiler (Zig)", route);
      reporter.begin("compile", "Compiling the addon with Zig, about a minute");
      return unpackZig(wheel, zigFolder, { signal: run.signal });
    },
  );
}

async function checkLibc(wheel: WheelSpec, run: ProcessOptions): Promise<void> {
  const wanted = /^manylinux_(\d+)_(\d+)_/.exec(wheel.platform);
  if (!wanted || process.platform !== "linux") return;
  const outcome = await runProcess("getconf", ["GNU_LIBC_VERSION"], { ...run, timeoutMs: 5000 });
  const got = /(\d+)\.(\d+)/.exec(outcome.stdout);
  if (!got) throw unsupported("a Linux without glibc (such as Alpine)");
  const [major, minor] = [Number(got[1]), Number(got[2])];
  if (major === Number(wanted[1]) && minor >= Number(wanted[2])) return;
  throw unsupported(`glibc ${got[0]}; ${wanted[1]}.${wanted[2]} or newer is needed`);
}

function unsupported(what: string): EngineError {
  return new EngineError(
    "unsupported",
    `There are no TensorFlow libraries for ${what}.`,
    "Train on the embedded engine (`--engine embedded`); it needs nothing and is what runs when no native engine is there.",
  );
}

async function sizeOf(path: string): Promise<number | null> {
  try {
    return (await stat(path)).size;
  } catch {
    return null;
  }
}
