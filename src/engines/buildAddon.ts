import { chmod, mkdir, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { diskFull, EngineError } from "./engineError.js";
import type { CompilerTool } from "./engineTools.js";
import { lastLines, type ProcessOutcome, runProcess } from "./runProcess.js";
import { extractZipEntry, readZipDirectory } from "./zipArchive.js";

/** Node-API version that tfjs-node is written for: one addon serves every Node since 15. */
export const napiVersion = 8;

export interface AddonBuild {
  /** tfjs-node's folder, with `binding/*.cc` and `deps/lib`. */
  readonly packageFolder: string;
  readonly headersFolder: string;
  readonly nodeHeadersFolder: string;
  readonly env: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
}

export function addonFile(packageFolder: string): string {
  return join(packageFolder, "lib", `napi-v${napiVersion}`, "tfjs_binding.node");
}

/** Tries the compilers in turn, then the one that `fallback` brings. Returns the one that worked. */
export async function buildAddon(
  build: AddonBuild,
  compilers: readonly CompilerTool[],
  fallback: () => Promise<CompilerTool | null>,
): Promise<CompilerTool> {
  let outcome: ProcessOutcome | null = null;
  for (const compiler of compilers) {
    outcome = await compile(build, compiler);
    if (outcome.exitCode === 0) return compiler;
  }
  const last = await fallback();
  if (last) {
    outcome = await compile(build, last);
    if (outcome.exitCode === 0) return last;
  }
  const tried = [...compilers, ...(last ? [last] : [])].map(({ program }) => program).join(" and ");
  const said = outcome ? lastLines(outcome) : "nothing";
  if (/No space left on device/.test(said)) throw diskFull(build.packageFolder);
  throw new EngineError(
    "compileFailed",
    `The addon of tfjs-node could not be compiled by ${tried}.`,
    `Install a C++17 compiler (g++ or clang++) and run \`layerscope engine install\` again. It said: ${said}`,
  );
}

/** Compiles tfjs-node's two source files straight, without node-gyp. */
async function compile(build: AddonBuild, compiler: CompilerTool): Promise<ProcessOutcome> {
  const output = addonFile(build.packageFolder);
  await mkdir(dirname(output), { recursive: true });
  await rm(output, { force: true });
  const origin = process.platform === "darwin" ? "@loader_path" : "$ORIGIN";
  return runProcess(
    compiler.program,
    [
      ...compiler.arguments,
      ...["-O2", "-std=c++17", "-fPIC", "-shared", `-DNAPI_VERSION=${napiVersion}`, "-DBUILDING_NODE_EXTENSION"],
      ...[`-I${build.nodeHeadersFolder}`, `-I${build.headersFolder}`, "-I."],
      ...["binding/tfjs_backend.cc", "binding/tfjs_binding.cc"],
      ...["-Ldeps/lib", "-ltensorflow", "-ltensorflow_framework", `-Wl,-rpath,${origin}/../../deps/lib`],
      ...(process.platform === "darwin" ? ["-Wl,-undefined,dynamic_lookup"] : []),
      ...["-o", output],
    ],
    { cwd: build.packageFolder, env: build.env, signal: build.signal },
  );
}

/** Unpacks Zig's wheel, whose `zig c++` is a compiler with all it needs. */
export async function unpackZig(
  wheel: string,
  folder: string,
  options: { readonly signal: AbortSignal; readonly onBytes?: (bytes: number) => void },
): Promise<CompilerTool> {
  const folders = new Set<string>();
  for (const entry of await readZipDirectory(wheel)) {
    if (entry.name.endsWith("/") || !entry.name.startsWith("ziglang/")) continue;
    const target = join(folder, entry.name);
    const parent = dirname(target);
    if (!folders.has(parent)) await mkdir(parent, { recursive: true });
    folders.add(parent);
    await extractZipEntry(wheel, entry, target, options);
  }
  const program = join(folder, "ziglang", "zig");
  await chmod(program, 0o755);
  return { program, arguments: ["c++"], version: "zig c++" };
}
